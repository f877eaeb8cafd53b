# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts share. To be sourced from the top of the repository.

VENV=.build/venv

say() { printf '\n== %s\n' "$*"; }

# Installs Debian packages that are not there yet. None of them starts a service.
install_packages() {
    local package missing=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    say "Installing ${missing[*]}"
    as_root apt-get update -qq
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
}

# Unpacks Debian packages, and what they need, into DIRECTORY/tree, and installs nothing: no
# service of theirs is started here, and none of their scripts runs.
unpack_packages() {
    local directory=$1 archive name
    shift
    [ "$(cat "$directory/packages" 2>/dev/null)" != "$*" ] || return 0
    say "Unpacking $*"
    rm -rf "$directory"
    mkdir -p "$directory/archives/partial" "$directory/tree/usr"
    as_root apt-get update -qq
    as_root apt-get install -qq -y --no-install-recommends --download-only \
        -o Dir::Cache::archives="$PWD/$directory/archives" "$@" >/dev/null
    # As on the system itself, where these are links.
    for name in bin sbin lib lib64; do
        mkdir -p "$directory/tree/usr/$name"
        ln -s "usr/$name" "$directory/tree/$name"
    done
    for archive in "$directory"/archives/*.deb; do
        # None is downloaded if all are installed.
        [ -e "$archive" ] || continue
        dpkg-deb --fsys-tarfile "$archive" |
            tar --extract --keep-directory-symlink --directory "$directory/tree"
    done
    echo "$*" >"$directory/packages"
}

as_root() {
    if [ "$(id -u)" -eq 0 ]; then
        "$@"
    elif command -v sudo >/dev/null; then
        sudo "$@"
    else
        echo "This needs root, and there is no sudo: $*" >&2
        return 1
    fi
}

# Makes the virtual environment of the Python parts, unless it is as the requirements want it.
make_venv() {
    local wanted=Tests/System/requirements.txt
    cmp -s "$wanted" "$VENV/requirements.txt" && "$VENV/bin/python" -c '' 2>/dev/null && return
    say "Making a virtual environment in $VENV"
    rm -rf "$VENV"
    /usr/bin/python3 -m venv "$VENV" &&
        "$VENV/bin/pip" install --quiet --disable-pip-version-check -r "$wanted" &&
        cp "$wanted" "$VENV/requirements.txt"
}

need_swift() {
    command -v swift >/dev/null && return
    echo "There is no swift in PATH. Install Swift 6.3: https://www.swift.org/install" >&2
    return 1
}
