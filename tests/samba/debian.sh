# shellcheck shell=bash
# Where this machine gets Debian packages from, and how a chroot gets them from the same place.
# Sourced by `run`; nothing in here names a mirror.

# The base address of a Debian archive, as the machine's own apt knows it.
debian_mirror() {
    if [ -n "${PASSWORD_WRITEBACK_TEST_MIRROR:-}" ]; then
        echo "$PASSWORD_WRITEBACK_TEST_MIRROR"
        return
    fi
    # shellcheck disable=SC2016 # apt fills these in, not the shell
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' 2>/dev/null |
        awk -F'|' '$1 == "Debian" && $2 == "Debian" { print $3; exit }'
}

# Installs packages on this machine unless their commands are there already: need COMMAND PACKAGE...
need() {
    local command=$1
    shift
    command -v "$command" >/dev/null && return
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "$@"
}

# A minimal Debian of the given suite: debian_chroot DIRECTORY SUITE
debian_chroot() {
    local root=$1 suite=$2 mirror proxy
    need debootstrap debootstrap debian-archive-keyring || return
    mirror=$(debian_mirror)
    if [ -z "$mirror" ]; then
        apt-get update -qq
        mirror=$(debian_mirror)
    fi
    if [ -z "$mirror" ]; then
        echo "apt on this machine knows no Debian archive (PASSWORD_WRITEBACK_TEST_MIRROR can name one)" >&2
        return 1
    fi
    proxy=$(apt-config dump --format '%v' Acquire::http::Proxy)
    http_proxy=${http_proxy:-$proxy} debootstrap --variant=minbase "$suite" "$root" "$mirror" >&2 || return
    printf 'deb %s %s main\n' "$mirror" "$suite" >"$root/etc/apt/sources.list"
    copy_apt_settings "$root"
}

# The machine's way to the archive (proxy, time-outs, certificates, validity checks) holds for the chroot too.
copy_apt_settings() {
    local root=$1
    apt-config dump Acquire | grep -v -e IndexTargets -e ' "";$' >"$root/etc/apt/apt.conf.d/90machine"
    if [ -e /etc/apt/auth.conf ]; then cp /etc/apt/auth.conf "$root/etc/apt/"; fi
    if [ -d /etc/apt/auth.conf.d ]; then cp -r /etc/apt/auth.conf.d "$root/etc/apt/"; fi
    if [ -e /etc/ssl/certs/ca-certificates.crt ]; then
        mkdir -p "$root/etc/ssl/certs"
        cp -L /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
    fi
    cp -L /etc/resolv.conf /etc/hosts "$root/etc/"
}

# Installs packages inside a chroot: chroot_install DIRECTORY [apt option...] PACKAGE...
chroot_install() {
    local root=$1
    shift
    # A service started by a package's own script would listen on this machine's addresses.
    printf '#!/bin/sh\nexit 101\n' >"$root/usr/sbin/policy-rc.d"
    chmod 755 "$root/usr/sbin/policy-rc.d"
    chroot "$root" apt-get update -qq >&2 &&
        DEBIAN_FRONTEND=noninteractive LC_ALL=C chroot "$root" apt-get install -qq -y --no-install-recommends "$@" >&2 &&
        chroot "$root" apt-get clean
}

# Removes a directory with a chroot `root` in it, even where an interrupted installation left
# something mounted.
remove_tree() {
    local inside
    for inside in proc sys dev/pts dev; do
        umount --quiet --lazy "$1/root/$inside" 2>/dev/null
    done
    rm -rf --one-file-system "$1"
}
