# shellcheck shell=bash
# Kerberos: what the cargo feature `gssapi` needs of the system, and a Python package built with it.

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

# A wheel with Kerberos, in an environment of its own; the tests find it by PASSWORD_WRITEBACK_TEST_KERBEROS_PYTHON.
kerberos_wheel() {
    local bin=$1/python/bin venv=$1/python-kerberos wheels
    wheels=$(mktemp -d) || return
    (
        [ -x "$venv/bin/python" ] || python3 -m venv "$venv" || exit
        cd bindings-python &&
            "$bin/maturin" build --quiet --profile dev --features gssapi --interpreter "$bin/python" --skip-auditwheel --out "$wheels" &&
            "$venv/bin/pip" install --quiet --force-reinstall --no-deps "$wheels"/*.whl
    )
    local status=$?
    rm -rf "$wheels"
    export PASSWORD_WRITEBACK_TEST_KERBEROS_PYTHON=$venv/bin/python
    return "$status"
}
