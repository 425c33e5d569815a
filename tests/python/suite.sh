# shellcheck shell=bash
# The Python package: built as a wheel, installed into an environment of its own, checked and tested there.

# Why it cannot be tested on this machine; empty where it can.
python_obstacle() {
    command -v python3 >/dev/null || { echo "there is no python3" && return; }
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || echo "python3 is older than 3.10"
}

# python_setup CACHE: the environment, kept between runs.
python_setup() {
    local venv=$1/python
    [ -f "$venv/complete" ] && return
    rm -rf "$venv"
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet 'maturin>=1.10,<2' 'pytest>=8,<10' 'pytest-asyncio>=1,<2' 'mypy>=1.15,<3' 'ruff>=0.9,<1' &&
        touch "$venv/complete"
}

# python_suite CACHE
python_suite() {
    local bin=$1/python/bin wheels
    cargo build --quiet -p password-writeback-tests --bins || return
    wheels=$(mktemp -d) || return
    (
        cd bindings-python &&
            "$bin/ruff" check . &&
            "$bin/ruff" format --check . &&
            "$bin/maturin" build --quiet --profile dev --interpreter "$bin/python" --out "$wheels" &&
            "$bin/pip" install --quiet --force-reinstall --no-deps "$wheels"/*.whl &&
            "$bin/mypy" --strict python &&
            cd tests &&
            "$bin/python" -m mypy.stubtest password_writeback &&
            "$bin/python" -m pytest --quiet -c ../pyproject.toml .
    )
    local status=$?
    rm -rf "$wheels"
    return "$status"
}
