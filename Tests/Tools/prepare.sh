# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the scripts share. To be sourced from the top of the repository.

VENV=.build/venv

say() { printf '\n== %s\n' "$*"; }

# Installs Debian packages that are not there yet. None of them starts a service.
install_packages() {
    local package missing=() sudo=()
    for package in "$@"; do
        dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
            missing+=("$package")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            echo "These Debian packages are missing, and there is no sudo: ${missing[*]}" >&2
            return 1
        fi
        sudo=(sudo)
    fi
    say "Installing ${missing[*]}"
    "${sudo[@]}" apt-get update -qq
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
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
