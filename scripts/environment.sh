#!/bin/sh
# Makes .venv hold exactly the locked packages:  scripts/environment.sh run|test
#
# Installs from hashed lock files only, with the package index that pip and uv are configured for on
# this machine (PIP_INDEX_URL, UV_DEFAULT_INDEX or their configuration files): no address stands here.
# A stamp in .venv holds what was installed; while it still fits, this script costs some milliseconds.
set -eu
cd "$(dirname "$0")/.."

kind=${1:-run}
case "$kind" in
    run) lock=requirements.lock ;;
    test) lock=requirements-test.lock ;;
    *) echo "usage: scripts/environment.sh run|test" >&2; exit 2 ;;
esac

venv=.venv
python_of_venv=$venv/bin/python
# The scripts in a virtual environment hold its absolute path: a moved checkout needs a new one.
is_at_home() {
    [ "$(cat "$venv/.location" 2>/dev/null)" = "$(pwd)" ] && "$python_of_venv" -c "" 2>/dev/null
}

# What the environment was made of: the named lock, the installer's lock, and our own entry points.
fingerprint() {
    cat "$1" requirements-uv.lock pyproject.toml | cksum
}

is_installed() {
    [ "$(cat "$venv/.installed-$1" 2>/dev/null)" = "$(fingerprint "$2")" ]
}

# Who can test can run: the test lock holds all packages of the other, in the same versions.
if is_at_home && { is_installed "$kind" "$lock" || is_installed test requirements-test.lock; }; then
    exit 0
fi

is_supported() {
    command -v "$1" >/dev/null 2>&1 \
        && "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

if ! is_at_home || ! is_supported "$python_of_venv" \
    || ! "$python_of_venv" -m pip --version >/dev/null 2>&1; then
    python=
    for candidate in ${PYTHON:-python3 python3.13 python3.12 python3.11}; do
        if is_supported "$candidate"; then
            python=$candidate
            break
        fi
    done
    if [ -z "$python" ]; then
        echo "No Python 3.11, 3.12 or 3.13 found: install one, or name it: make run PYTHON=/path/to/python3.12" >&2
        exit 1
    fi
    echo "Creating $venv with $("$python" --version)"
    # --clear: an interrupted earlier attempt may have left half an environment.
    if ! "$python" -m venv --clear "$venv"; then
        echo "python -m venv failed; on Debian and Ubuntu it needs the package python3-venv" >&2
        exit 1
    fi
    pwd > "$venv/.location"
fi

rm -f "$venv/.installed-$kind"
echo "Installing the packages of $lock into $venv (about a minute the first time)"
# uv does the same work as pip in a fraction of the time; where it cannot be had, pip alone will do.
if "$python_of_venv" -m pip install --quiet --disable-pip-version-check \
    --require-hashes -r requirements-uv.lock; then
    # Compiled once here, or each process of each night would compile afresh where bytecode
    # writing is off: some three seconds a start.
    "$venv/bin/uv" pip install --python "$python_of_venv" --require-hashes --compile-bytecode -r "$lock"
    "$venv/bin/uv" pip install --quiet --python "$python_of_venv" --no-deps --no-build-isolation --editable .
else
    echo "uv is not to be had here; going on with pip, which takes longer" >&2
    "$python_of_venv" -m pip install --disable-pip-version-check --require-hashes -r "$lock"
    "$python_of_venv" -m pip install --quiet --disable-pip-version-check \
        --no-deps --no-build-isolation --editable .
fi
fingerprint "$lock" > "$venv/.installed-$kind"
