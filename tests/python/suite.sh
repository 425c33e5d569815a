# shellcheck shell=bash
# The Python package: built, checked, tested, and installed from its wheel and from its sdist. The Python programs beside it.

# What it is built, checked and tested with, and what the programs need.
python_tools=('maturin>=1.10,<2' 'pytest>=8,<10' 'pytest-asyncio>=1,<2' 'mypy>=1.15,<3' 'ruff>=0.9,<1' 'rich>=13,<16')

# Why it cannot be tested on this machine; empty where it can.
python_obstacle() {
    command -v python3 >/dev/null || { echo "there is no python3" && return; }
    python3 -c 'import sys; sys.exit(sys.version_info < (3, 10))' || echo "python3 is older than 3.10"
}

# python_setup CACHE: the tools, kept between runs.
python_setup() {
    local venv=$1/python
    [ "$(cat "$venv/complete" 2>/dev/null)" = "${python_tools[*]}" ] && return
    rm -rf "$venv"
    python3 -m venv "$venv" &&
        "$venv/bin/pip" install --quiet "${python_tools[@]}" &&
        echo "${python_tools[*]}" >"$venv/complete"
}

# python_fresh CACHE VENV WHEEL: an environment with nothing in it but the package.
python_fresh() {
    "$1/python/bin/python" -m venv --without-pip "$2" &&
        "$1/python/bin/pip" --python "$2/bin/python" install --quiet --no-index --no-deps "$3"
}

# python_build CACHE WORK [PROFILE]: the wheel in WORK/wheels, and an environment WORK/tested with it that sees the tools as well.
# Nothing is installed among the tools: several checkouts use them at the same time.
python_build() {
    local tools=$1/python work=$2 profile=${3:-dev}
    (cd bindings-python && "$tools/bin/maturin" build --quiet --profile "$profile" --interpreter "$tools/bin/python" --out "$work/wheels") &&
        python_fresh "$1" "$work/tested" "$work"/wheels/*.whl &&
        python_packages "$tools/bin/python" >"$(python_packages "$work/tested/bin/python")/tools.pth"
}

# Where a Python keeps its packages.
python_packages() { "$1" -c 'import sysconfig; print(sysconfig.get_path("purelib"))'; }

# python_checks CACHE WORK: style, documentation and types.
python_checks() {
    local bin=$1/python/bin python=$2/tested/bin/python
    (
        cd bindings-python &&
            "$bin/ruff" check --quiet . &&
            "$bin/ruff" format --quiet --check . &&
            "$python" -m mypy --strict python tests &&
            cd tests &&
            "$python" -m mypy.stubtest password_writeback
    )
}

# python_installs CACHE WORK: the wheel and the sdist, each into an environment with nothing else in it, used away from here.
python_installs() {
    local tools=$1/python work=$2 target=$PWD/target program=$PWD/tests/python/installed.py unpacked
    python_fresh "$1" "$work/from_wheel" "$work"/wheels/*.whl &&
        (cd "$work" && env -u PYTHONPATH from_wheel/bin/python -I "$program") || return
    # Outside the checkout, but always in the same place: so what it is built of is built once; -m, so that what changed is built again.
    unpacked=${TMPDIR:-/tmp}/password-writeback-sdist-$(pwd | cksum | cut -d " " -f 1)
    rm -rf "$unpacked" && mkdir -p "$unpacked" &&
        (cd bindings-python && "$tools/bin/maturin" sdist --out "$work/sdist" 2>"$work/sdist.log" || { cat "$work/sdist.log" && false; }) &&
        tar -xmzf "$work"/sdist/*.tar.gz --strip-components 1 -C "$unpacked" &&
        (
            cd "$work" &&
                PATH=$tools/bin:$PATH CARGO_TARGET_DIR=$target "$tools/bin/pip" wheel --quiet --no-build-isolation \
                    --no-index --no-deps --config-settings 'build-args=--profile dev' --wheel-dir from_sdist.wheels "$unpacked"
        ) &&
        python_fresh "$1" "$work/from_sdist" "$work"/from_sdist.wheels/*.whl &&
        (cd "$work" && env -u PYTHONPATH from_sdist/bin/python -I "$program") &&
        rm -rf "$unpacked"
}

# python_suite CACHE
python_suite() {
    local work status
    rust_programs && work=$(mktemp -d) || return
    python_build "$1" "$work" &&
        python_checks "$1" "$work" &&
        python_installs "$1" "$work" &&
        (cd bindings-python/tests && "$work/tested/bin/python" -m pytest --quiet -rs -c ../pyproject.toml .)
    status=$?
    rm -rf "$work"
    return "$status"
}

# python_programs_suite CACHE: the programs of examples/python.
python_programs_suite() {
    local work status
    rust_programs && work=$(mktemp -d) || return
    python_build "$1" "$work" &&
        (
            cd examples/python &&
                "$1/python/bin/ruff" check --quiet . &&
                "$1/python/bin/ruff" format --quiet --check . &&
                "$work/tested/bin/python" -m mypy --strict . &&
                "$work/tested/bin/python" -m pytest --quiet -rs tests
        )
    status=$?
    rm -rf "$work"
    return "$status"
}
