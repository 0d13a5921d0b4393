#!/bin/sh
# Holds our copy of the part of Shopify's schema that we use against the one that Shopify publishes in an npm package.
#
# Without npm, or when the package can't be fetched, it says in one line that nothing was checked: the tests of the
# documents against our copy run in any case. A difference that was found is a failure.
set -eu
cd "$(dirname "$0")/.."

version=1.16.0
sha256=4663c79229028e98f825a09d5f04ec6c3736331b740ce50260f9ffac10709474
schema=admin_2026-10.json.gz
folder=.cache/dev-mcp-$version

not_checked() {
    echo "published schema: not checked ($1)"
    exit 0
}

if [ ! -f "$folder/$schema" ]; then
    command -v npm >/dev/null 2>&1 || not_checked "no npm"
    mkdir -p "$folder"
    npm pack "@shopify/dev-mcp@$version" --silent --pack-destination "$folder" >/dev/null 2>&1 </dev/null ||
        not_checked "the package could not be fetched"
    package=$folder/shopify-dev-mcp-$version.tgz
    echo "$sha256  $package" | sha256sum --check --quiet - || {
        rm -f "$package"
        echo "published schema: the package is not the one that we know" >&2
        exit 1
    }
    tar -xzf "$package" -C "$folder" --strip-components=3 "package/dist/data/$schema"
    rm -f "$package"
fi
.venv/bin/python tests/training/published_schema.py "$folder/$schema"
