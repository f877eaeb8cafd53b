#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Builds a program as it is shipped, and prints the directory that it is in.
#
#     Packaging/build-release.sh                     the daemon and the command
#     Packaging/build-release.sh --product NAME      only this one
#
# The programs need no Swift on the device: its library is linked in. So are the C++ library that
# it stands on, as only its archive is found first, and GCC's. Folding equal functions and dropping
# unused ones takes a megabyte off the daemon. The functions that run in each daemon stand together
# (`symbol-order`), which takes another off what is resident: the kernel maps the pages around one
# that is used, too. A path to the toolchain's libraries is nothing to ship.

set -eu
cd "$(dirname "$0")/.."

archives=$PWD/.build/archives
mkdir -p "$archives"
ln -sf "$(${CC:-cc} -print-file-name=libstdc++.a)" "$archives/"

build() {
    swift build --configuration release --static-swift-stdlib --disable-local-rpath \
        -Xswiftc -use-ld=lld -Xlinker --gc-sections -Xlinker --icf=all \
        -Xlinker --no-export-dynamic -Xlinker -z -Xlinker pack-relative-relocs \
        -Xlinker "--symbol-ordering-file=$PWD/Packaging/symbol-order" \
        -Xlinker --no-warn-symbol-ordering -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
        -Xlinker "-L$archives" "$@"
}

if [ $# -gt 0 ]; then
    build "$@" >&2
else
    build --product reprieved >&2
    build --product reprieve >&2
fi
build --show-bin-path
