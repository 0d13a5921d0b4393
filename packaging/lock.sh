#!/bin/sh
# Renews the lock files from pyproject.toml: every version pinned, every file by its hashes, no registry named.
#
#   packaging/lock.sh              as few changes as possible
#   packaging/lock.sh --upgrade    the newest versions that pyproject.toml allows
set -eu
cd "$(dirname "$0")/.."

uv=$(command -v uv || true)
if [ -x .venv/bin/uv ]; then uv=.venv/bin/uv; fi
if [ -z "$uv" ] || ! "$uv" --version >/dev/null 2>&1; then
    if [ ! -x .cache/uv/bin/uv ]; then
        .venv/bin/python -m pip install --quiet --disable-pip-version-check --no-input --target .cache/uv uv
    fi
    uv=.cache/uv/bin/uv
fi

compile() {
    "$uv" pip compile pyproject.toml --extra central --extra company --extra telemetry --extra thermal --group build "$@" \
        --generate-hashes --universal --python-version 3.11 --no-header --no-annotate --quiet
}

compile --group dev "$@" --output-file packaging/lock-dev.txt
# The program's lock is a part of the other one: what was tested is what runs.
compile "$@" --constraints packaging/lock-dev.txt --output-file packaging/lock.txt

for lock in packaging/lock.txt packaging/lock-dev.txt; do
    if grep -nE '://|^ *-(-index|-extra-index|-find-links|i |f )|@ ' "$lock"; then
        echo "$lock names a place that packages come from; it must only name packages" >&2
        exit 1
    fi
done
