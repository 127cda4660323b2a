#!/bin/sh
# Writes the three lock files anew from pyproject.toml, keeping the pins that still fit.
# One universal file serves Linux and macOS, Python 3.11 to 3.13; no address may stand in it.
set -eu
cd "$(dirname "$0")/.."

compile() {
    .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
        --no-strip-extras --no-emit-index-url --no-emit-find-links --no-header --no-annotate "$@"
}

compile --group pyproject.toml:uv -o requirements-uv.lock
# setuptools comes along because the project itself is installed without build isolation.
compile pyproject.toml --group build -o requirements.lock
# The same versions as at run time, so that what is tested is what runs.
compile pyproject.toml --group build --group test --constraint requirements.lock \
    -o requirements-test.lock

if grep -nE '://' requirements.lock requirements-test.lock requirements-uv.lock; then
    echo "an address stands in a lock file" >&2
    exit 1
fi
