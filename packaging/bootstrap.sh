#!/bin/sh
# From a bare Debian 12 or 13 with Python to a virtual environment in which the program runs.
#
#   packaging/bootstrap.sh demo    what the program needs
#   packaging/bootstrap.sh test    that, and what its tests and checks need
#
# Idempotent, and quick when all is there: packages are asked for before apt is touched, the virtual environment bears the
# fingerprint of the lock it was made from. Where packages can't be installed (not Debian, no root), it names them and goes on.
set -eu

purpose=${1:-demo}
cd "$(dirname "$0")/.."
venv=.venv

case $purpose in
    demo) lock=packaging/lock.txt ;;
    test) lock=packaging/lock-dev.txt ;;
    *) echo "usage: $0 demo|test" >&2; exit 2 ;;
esac

say() { printf '%s\n' "── $*" >&2; }

# ── System packages ──────────────────────────────────────────────────────────────────────────────────────────────────────────

# A line is one need; of "a|b" one is enough (Debian 13 renamed libraries for 64-bit time).
needed_packages() {
    # Qt: windows in memory, on X11, and printing
    cat <<-PACKAGES
	libglib2.0-0t64|libglib2.0-0
	libegl1
	libgl1
	libdbus-1-3
	libfontconfig1
	libxkbcommon0
	libgssapi-krb5-2
	libxcb-cursor0
	libxcb-icccm4
	libxcb-image0
	libxcb-keysyms1
	libxcb-randr0
	libxcb-render-util0
	libxcb-shape0
	libxkbcommon-x11-0
	libcups2t64|libcups2
	ca-certificates
	fonts-dejavu-core
	fonts-noto-cjk
	PACKAGES
    if [ "$purpose" = test ]; then
        # a real keyring, mail server, display, database, print service and accessibility bus, and what looks at PDF files
        cat <<-PACKAGES
	at-spi2-core
	cups
	dbus
	exim4-daemon-light
	fontconfig
	git
	gnome-keyring
	openbox
	poppler-utils
	postgresql
	util-linux
	xauth
	xdotool
	xvfb
	PACKAGES
    fi
}

is_installed() { [ "$(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

is_known() { apt-cache show --no-all-versions "$1" >/dev/null 2>&1; }

# The first of "a|b" that apt knows; the last where it knows none.
choice_of() {
    rest=$1
    while [ "${rest#*|}" != "$rest" ]; do
        if is_known "${rest%%|*}"; then break; fi
        rest=${rest#*|}
    done
    printf '%s\n' "${rest%%|*}"
}

missing_packages() {
    for need in $(needed_packages) "$@"; do
        found=no
        for name in $(printf '%s' "$need" | tr '|' ' '); do
            if is_installed "$name"; then found=yes; fi
        done
        if [ $found = no ]; then printf '%s\n' "$need"; fi
    done
}

root_command() {
    if [ "$(id -u)" = 0 ]; then
        echo "env"
    elif command -v sudo >/dev/null 2>&1 && { [ -t 0 ] || sudo -n true 2>/dev/null; }; then
        echo "sudo"
    fi
}

apt_install() {
    # shellcheck disable=SC2086
    $as_root DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Use-Pty=0 \
        install --no-install-recommends "$@" </dev/null >&2
}

apt_update() {
    # shellcheck disable=SC2086
    $as_root apt-get -q -o DPkg::Lock::Timeout=300 update </dev/null >&2
}

# Installs what is missing of the needed packages, and those named besides.
install_packages() {
    if ! command -v dpkg-query >/dev/null 2>&1 || ! command -v apt-get >/dev/null 2>&1; then
        say "This is no Debian. If something is missing later, install what your system calls:"
        needed_packages | sed 's/.*|//' | tr '\n' ' ' >&2
        echo >&2
        return 0
    fi
    missing=$(missing_packages "$@")
    if [ -z "$missing" ]; then return 0; fi
    as_root=$(root_command)
    if [ -z "$as_root" ]; then
        say "Not root, and no sudo without a password. If something is missing later, have this run:"
        echo "apt-get install --no-install-recommends $(printf '%s' "$missing" | sed 's/.*|//' | tr '\n' ' ')" >&2
        return 0
    fi
    is_fresh=no
    for need in $missing; do
        if ! is_known "$(choice_of "$need")" && [ $is_fresh = no ]; then
            say "Reading the lists of packages"
            apt_update
            is_fresh=yes
        fi
    done
    names=$(for need in $missing; do choice_of "$need"; done)
    say "Installing system packages: $(printf '%s' "$names" | tr '\n' ' ')"
    # shellcheck disable=SC2086
    if ! apt_install $names; then
        if [ $is_fresh = yes ]; then return 1; fi
        say "Reading the lists of packages and trying again"
        apt_update
        apt_install $names
    fi
}

# ── Python ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

is_suitable() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; }

can_make_environments() { "$1" -c 'import ensurepip, venv' 2>/dev/null; }

# The newest suitable Python, one that can make virtual environments before one that can't yet. The variable PYTHON names another.
find_python() {
    without=
    for candidate in ${PYTHON:-python3.13 python3.12 python3.11 python3 /usr/bin/python3}; do
        path=$(command -v "$candidate" 2>/dev/null) || continue
        is_suitable "$path" || continue
        if can_make_environments "$path"; then
            printf '%s\n' "$path"
            return 0
        fi
        without=${without:-$path}
    done
    printf '%s\n' "$without"
}

make_environment() {
    python=$(find_python)
    if [ -z "$python" ]; then
        say "Python 3.11, 3.12 or 3.13 is needed and was not found."
        exit 1
    fi
    if ! can_make_environments "$python"; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        install_packages "python$version-venv"
        if ! can_make_environments "$python"; then
            say "$python can't make virtual environments; install its venv and ensurepip modules."
            exit 1
        fi
    fi
    say "Making a virtual environment with $("$python" -V)"
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

fingerprint() {
    # The Python too: packages are built for one version of it. And the place: an editable installation names it.
    { "$venv/bin/python" -V; pwd -P; cat "$1" pyproject.toml; } | sha256sum | cut -d' ' -f1
}

stamp_of() { basename "$1" .txt; }

is_made_from() {
    stamp=$venv/.made-from-$(stamp_of "$1")
    [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint "$1")" ]
}

install_python_packages() {
    # The lock for tests holds everything that the program's lock holds, in the same versions.
    if is_made_from packaging/lock-dev.txt; then return 0; fi
    if [ "$purpose" = demo ] && is_made_from packaging/lock.txt; then return 0; fi
    say "Installing Python packages from $lock (the first time about 100 MB)"
    rm -f "$venv"/.made-from-*
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input --require-hashes -r "$lock" </dev/null
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input \
        --no-deps --no-build-isolation --editable . </dev/null
    fingerprint "$lock" >"$venv/.made-from-$(stamp_of "$lock")"
}

# ── In this order ────────────────────────────────────────────────────────────────────────────────────────────────────────────

install_packages
if ! is_suitable "$venv/bin/python"; then
    make_environment
fi
install_python_packages
