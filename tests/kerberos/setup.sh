# shellcheck shell=bash
# Kerberos: what the cargo feature `gssapi` needs of the system.

# Why it cannot be tested on this machine; empty where it can.
kerberos_obstacle() {
    local obstacle
    obstacle=$(samba_obstacle)
    [ -n "$obstacle" ] || obstacle=$(python_obstacle)
    echo "$obstacle"
}

# The library and what its binding is generated with; the tools of a client; host names and clocks of one's own.
kerberos_packages=(libkrb5-dev libclang-dev pkgconf krb5-user libnss-wrapper libfaketime)

kerberos_setup() {
    kerberos_is_ready && return
    apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${kerberos_packages[@]}"
}

# Whether everything that needs it can be built and tested.
kerberos_is_ready() { [ -z "$(kerberos_obstacle)" ] && dpkg --status "${kerberos_packages[@]}" >/dev/null 2>&1; }
