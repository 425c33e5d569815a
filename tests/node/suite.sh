# shellcheck shell=bash
# The Node package: built in its place, and tested there.

# Why it cannot be tested on this machine; empty where it can.
node_obstacle() {
    command -v npm >/dev/null || { echo "there is no npm" && return; }
    node -e 'process.exit(Number(process.versions.node.split(".")[0]) < 20 ? 1 : 0)' || echo "node is older than 20"
}

# What the package is built and tested with: what the lock file says, again only where that has changed.
node_setup() {
    (
        cd bindings-node || exit
        cmp -s package-lock.json node_modules/.installed && exit
        npm ci --ignore-scripts --no-audit --no-fund --loglevel=error && cp package-lock.json node_modules/.installed
    )
}

node_suite() {
    rust_programs || return
    (
        cd bindings-node &&
            npm run --silent build:native:debug &&
            npm run --silent build:js &&
            npm run --silent lint &&
            npm test --silent
    )
}
