# shellcheck shell=bash
# Installs the Samba releases the tests run against, each in its own chroot, and provisions one
# domain controller in it, and a domain of several in one of them. Everything is built beside its final place and then renamed, so that an
# interrupted run leaves nothing that looks finished. Sourced by `run`, after debian.sh.

samba_scripts=$(dirname "${BASH_SOURCE[0]}")

# The releases, the Debian suite that carries each, and the suite above it where that is a backport.
samba_releases="4.17:bookworm: 4.24:trixie:trixie-backports"

samba_packages=(samba samba-ad-dc samba-ad-provision samba-dsdb-modules samba-vfs-modules winbind ldb-tools tdb-tools
    python3-samba python3-markdown)

# Why this machine cannot install Samba; empty if it can.
samba_obstacle() {
    if [ "$(id -u)" != 0 ]; then
        echo "needs root (chroot, ports below 1024)"
    elif ! command -v apt-get >/dev/null; then
        echo "needs a machine with apt (Debian or a derivative)"
    fi
}

# Makes every release ready: samba_setup CACHE. Prints what is being built; quick when all is there.
samba_setup() {
    local cache=$1 entry release suite backports
    mkdir -p "$cache"
    (
        # One at a time: two of these would build in the same place.
        flock 9
        for entry in $samba_releases; do
            IFS=: read -r release suite backports <<<"$entry"
            samba_chroot "$cache/samba-$release" "$release" "$suite" "$backports" || exit
            samba_snapshot "$cache/samba-$release" "$release" || exit
        done
        samba_domain "$cache" || exit
    ) 9>"$cache/setup.lock"
}

# The packages of one release.
samba_chroot() {
    local home=$1 release=$2 suite=$3 backports=$4 stamp packages
    stamp="$suite $backports ${samba_packages[*]}"
    [ "$(cat "$home/packages" 2>/dev/null)" = "$stamp" ] && return
    echo "Installing Samba $release (Debian ${backports:-$suite}), once per machine ..."
    remove_tree "$home.new"
    mkdir -p "$home.new"
    debian_chroot "$home.new/root" "$suite" || return
    packages=("${samba_packages[@]}")
    if [ -n "$backports" ]; then
        printf 'deb %s %s main\n' "$(debian_mirror)" "$backports" >>"$home.new/root/etc/apt/sources.list"
        packages=(-t "$backports" "${packages[@]}")
    fi
    chroot_install "$home.new/root" "${packages[@]}" || return
    rm -rf "$home.new/root/usr/share/doc" "$home.new/root/var/lib/apt/lists"
    echo "$stamp" >"$home.new/packages"
    remove_tree "$home"
    mv "$home.new" "$home"
}

# One provisioned domain controller of a release, stopped, as a directory to copy from.
samba_snapshot() {
    local home=$1 release=$2 stamp
    stamp=$(cd "$samba_scripts" && cat provision.sh smb.conf | sha256sum)
    [ "$(cat "$home/provisioned" 2>/dev/null)" = "$stamp" ] && return
    echo "Provisioning a domain controller with Samba $release ..."
    rm -rf "$home/provisioned" "$home/root/srv/snapshot" "$home/root/srv/snapshot.new"
    mkdir -p "$home/root/srv/setup"
    cp "$samba_scripts/provision.sh" "$samba_scripts/smb.conf" "$home/root/srv/setup/"
    chroot "$home/root" /bin/bash /srv/setup/provision.sh "$release" /srv/snapshot.new >"$home/provision.log" 2>&1 || {
        tail -n 20 "$home/provision.log" >&2
        return 1
    }
    mv "$home/root/srv/snapshot.new" "$home/root/srv/snapshot"
    echo "$stamp" >"$home/provisioned"
}

# A domain of several domain controllers, stopped, as a directory to copy from. A running one has the addresses that this one
# needs: it is waited for.
samba_domain() {
    local cache=$1 home=$1/samba-4.24 stamp
    stamp=$(cd "$samba_scripts" && cat domain.sh domain.conf directory.py smb.conf "$home/provisioned" | sha256sum)
    [ "$(cat "$home/domain" 2>/dev/null)" = "$stamp" ] && return
    echo "Provisioning a domain of three domain controllers ..."
    mkdir -p "$cache/addresses"
    (
        flock 8
        rm -rf "$home/domain" "$home/root/srv/domain" "$home/root/srv/domain.new"
        mkdir -p "$home/root/srv/setup" "$home/root/srv/domain.new"
        cp "$samba_scripts"/{domain.sh,domain.conf,directory.py,smb.conf} "$home/root/srv/setup/"
        chroot "$home/root" /bin/bash /srv/setup/domain.sh /srv/domain.new >"$home/domain.log" 2>&1 || {
            tail -n 20 "$home/domain.log" >&2
            exit 1
        }
        mv "$home/root/srv/domain.new" "$home/root/srv/domain"
        echo "$stamp" >"$home/domain"
    ) 8>"$cache/addresses/domain"
}
