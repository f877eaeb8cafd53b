#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds reprieve-permit as it is shipped, and prints the directory that it is in. It needs no Swift
# on the device.
#
#     Permit/Packaging/build-release.sh

set -eu
cd "$(dirname "$0")/../.."

build() {
    Permit/build.sh build --configuration release --static-swift-stdlib --disable-local-rpath \
        -Xlinker --gc-sections -Xlinker --strip-all --product reprieve-permit "$@"
}

build >&2
build --show-bin-path
