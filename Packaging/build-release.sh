#!/bin/sh
# SPDX-License-Identifier: Apache-2.0

# Builds a program as it is shipped, and prints the directory that it is in.
#
#     Packaging/build-release.sh                     the daemon, the command, and reprieve.spdx.json
#     Packaging/build-release.sh --product NAME      only this program
#
# The programs need no Swift on the device: its library is linked in. So are the C++ library that
# it stands on, as only its archive is found first, and GCC's. Folding equal functions and dropping
# unused ones takes a megabyte off the daemon. The functions that run in each daemon stand together
# (`symbol-order`), which takes another off what is resident: the kernel maps the pages around one
# that is used, too. A path to the toolchain's libraries is nothing to ship; neither are symbols.
#
# Another directory makes the same bytes. For that, paths are mapped, and objects get no hash of the
# compiler's arguments. What the compiler writes also depends on the addresses of its own memory. So
# they are not randomized, and it has one thread: several allocate in another order each time.

set -eu
cd "$(dirname "$0")/.."

archives=$PWD/.build/archives
mkdir -p "$archives"
ln -sf "$(${CC:-cc} -print-file-name=libstdc++.a)" "$archives/"

# A container may not be allowed to do that.
fixed="setarch --addr-no-randomize"
if ! $fixed true 2>/dev/null; then
    echo "Addresses are randomized here: another build may have other bytes" >&2
    fixed=
fi

build() {
    $fixed swift build --configuration release --scratch-path .build/shipped \
        --static-swift-stdlib --disable-local-rpath \
        -Xswiftc -use-ld=lld -Xswiftc -file-prefix-map -Xswiftc "$PWD=/reprieve" \
        -Xcc "-ffile-prefix-map=$PWD=/reprieve" \
        -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen \
        -Xswiftc -num-threads -Xswiftc 1 \
        -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
        -Xlinker --build-id=none -Xlinker --gc-sections -Xlinker --icf=all \
        -Xlinker --strip-all -Xlinker --no-export-dynamic \
        -Xlinker "--symbol-ordering-file=$PWD/Packaging/symbol-order" \
        -Xlinker --no-warn-symbol-ordering \
        -Xlinker -z -Xlinker pack-relative-relocs -Xlinker "-L$archives" "$@"
}

if [ $# -gt 0 ]; then
    build "$@" >&2
else
    build --product reprieved >&2
    build --product reprieve >&2
    python3 Packaging/sbom.py "$(build --show-bin-path)/reprieve.spdx.json"
fi
build --show-bin-path "$@"
