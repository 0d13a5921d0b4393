#!/bin/sh
# What `make test` and `make lint` do, in order, up to the first step that fails; says which one that was.
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

step "ruff check" $bin/ruff check --quiet .
step "ruff format" $bin/ruff format --quiet --check .
step "mypy" $bin/mypy --explicit-package-bases --no-error-summary
step "lint-imports" $bin/lint-imports
if [ "$purpose" = test ]; then
    step "published schema" sh packaging/published_schema.sh
    step "pytest" $bin/pytest -n 3 --dist worksteal "$@"
fi
