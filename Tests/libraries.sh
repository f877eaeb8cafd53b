#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the libraries as a package does that depends on them: without libsystemd, and without
# pkg-config.
#
#     Tests/libraries.sh           here, where the whole build goes on from it
#     Tests/libraries.sh client    in a new package, with all of their own dependencies: a minute

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Its own mounts hide the header. The pkg-config that is found first fails, and notes that it was
# asked.
case ${1:-} in
--inside)
    # Never over this machine's own.
    [ "$(readlink /proc/self/ns/mnt)" != "$2" ]
    [ ! -d /usr/include/systemd ] || mount -t tmpfs none /usr/include/systemd
    ;;
--beside) ;;
*)
    unshare=(unshare --mount)
    [ "$(id -u)" -eq 0 ] || unshare+=(--map-root-user)
    if "${unshare[@]}" true 2>/dev/null; then
        exec "${unshare[@]}" "$BASH" "$0" --inside "$(readlink /proc/self/ns/mnt)" "$@"
    fi
    echo "The header of libsystemd is not hidden: no mounts of its own here" >&2
    exec "$BASH" "$0" --beside - "$@"
    ;;
esac

spy=$PWD/.build/no-systemd
mkdir -p "$spy"
printf '#!/bin/sh\necho "pkg-config $*" >>"%s/asked"\nexit 1\n' "$spy" >"$spy/pkg-config"
chmod +x "$spy/pkg-config"
rm -f "$spy/asked"
export PATH=$spy:$PATH

if [ "${3:-}" = client ]; then
    rm -rf .build/client
    mkdir -p .build/client/reprieve
    cp -R Samples/swift-client .build/client/camera
    git ls-files -z | tar --create --null --files-from - |
        tar --extract --directory .build/client/reprieve
    cd .build/client/camera
    swift build
    swift package show-dependencies
    if readelf --dynamic "$(swift build --show-bin-path)/camera" |
        grep systemd; then
        echo "A client is linked with libsystemd" >&2
        exit 1
    fi
else
    swift build --target ReprieveShutdown
    swift build --target ReprieveTesting
    # What the README shows, whether the component's own type is an actor or a class.
    client=Samples/swift-client/Sources/camera
    for camera in "$client/Camera.swift" Tests/Tools/ClassCamera.swift; do
        swiftc -typecheck -swift-version 6 -I "$(swift build --show-bin-path)/Modules" \
            "$client/main.swift" "$client/Flash.swift" "$camera"
    done
fi

if [ -e "$spy/asked" ]; then
    echo "The build of a library asked for what it does not need:" >&2
    cat "$spy/asked" >&2
    exit 1
fi
