#!/bin/sh
# What `make test` and `make lint` do, up to the first step that fails; says which one that was.
#
#   packaging/check.sh lint               style, types and layers
#   packaging/check.sh test [ARGUMENT…]   these, the published schema, and the tests; arguments go to pytest
set -eu
purpose=$1
shift
cd "$(dirname "$0")/.."
bin=.venv/bin

step() {
    title=$1
    shift
    printf '── %s\n' "$title"
    if ! "$@"; then
        printf '── failed: %s\n' "$title" >&2
        exit 1
    fi
}

types() { $bin/mypy --explicit-package-bases --no-error-summary; }

step "ruff check" $bin/ruff check --quiet .
step "ruff format" $bin/ruff format --quiet --check .
if [ "$purpose" = lint ]; then
    step "mypy" types
    step "lint-imports" $bin/lint-imports
    exit
fi

# Where nothing is cached, types take one core most of a minute: the other steps go on meanwhile.
# Files of the tests lie in memory where the system has room: no test is about the disk, and each would wait for it.
if [ -w /dev/shm ] && [ "$(df -Pk /dev/shm | awk 'NR == 2 { print $4 }')" -gt 4000000 ]; then
    TMPDIR=/dev/shm
fi
TMPDIR=$(mktemp -d "${TMPDIR:-/tmp}/desk.XXXX")
export TMPDIR
chmod 755 "$TMPDIR" # PostgreSQL's own user looks into it
found=$TMPDIR/types
types >"$found" 2>&1 &
checking=$!
trap 'kill $checking 2>/dev/null || true; rm -rf "$TMPDIR"' EXIT
types_found() { wait $checking || { cat "$found"; return 1; }; }

# What every process of the tests imports is compiled once, also where the surroundings forbid Python to keep it.
unset PYTHONDONTWRITEBYTECODE
step "compile" $bin/python -m compileall -q coupon_desk tests

step "lint-imports" $bin/lint-imports
step "published schema" sh packaging/published_schema.sh
step "pytest" $bin/pytest -n 3 --dist worksteal "$@"
step "mypy" types_found
