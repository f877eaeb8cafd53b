#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the daemon and the command as they are shipped: they need no Swift on the device.
#
#     Packaging/build-release.sh [PRODUCT]...    default: reprieved reprieve
#
# Prints the directory that they are in, stripped.

set -eu
cd "$(dirname "$0")/.."
programs=.build/shipped
mkdir -p "$programs/archives"

# The C++ library that the Swift runtime needs is linked statically too, as only its archive is
# found first; folding equal functions saves as much again.
ln -sf "$(${CC:-cc} -print-file-name=libstdc++.a)" "$programs/archives/"
[ $# -gt 0 ] || set -- reprieved reprieve
for product in "$@"; do
    swift build --configuration release --product "$product" --static-swift-stdlib \
        --disable-local-rpath -Xswiftc -use-ld=lld -Xlinker --gc-sections -Xlinker --icf=all \
        -Xlinker "-L$PWD/$programs/archives" >&2
    strip -o "$programs/$product" ".build/release/$product"
done
echo "$PWD/$programs"
