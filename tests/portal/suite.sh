# shellcheck shell=bash
# The self-service portal among the examples: checked, and used in a real browser on the mock and on live domain controllers.

# Why it cannot be tested on this machine; empty where it can.
portal_obstacle() {
    local obstacle
    obstacle=$(node_obstacle)
    [ -z "$obstacle" ] || { echo "$obstacle" && return; }
    command -v chromium >/dev/null || command -v apt-get >/dev/null || echo "there is neither chromium nor apt-get"
}

# What it is tested with. The package itself is built by the suite.
portal_setup() {
    if ! command -v chromium >/dev/null; then
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends chromium >/dev/null || return
    fi
    (cd examples/node/portal && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error)
}

portal_suite() {
    rust_programs || return
    (
        cd bindings-node &&
            npm run --silent build:native:debug &&
            npm run --silent build:js
    ) && (
        cd examples/node/portal &&
            npm run --silent lint &&
            npm test --silent
    )
}
