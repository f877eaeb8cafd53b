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
# (`symbol-order`; those of the command: `symbol-order-command`), which takes two off what is
# resident: the kernel maps the pages around one that is used, too. For all that, each function has
# a section of its own. The daemon has one thread, so its reference counts need not be atomic: the
# linker takes the runtime's other functions for them, which takes a tenth off a gate. A path to the
# toolchain's libraries is nothing to ship; neither are symbols.
#
# Another directory makes the same bytes. For that, paths are mapped, and objects get no hash of the
# compiler's arguments. What the compiler writes also depends on the addresses of its own memory. So
# they are not randomized; it has one thread, as several allocate in another order each time; each
# build sees its source at the same path, in a mount namespace of its own, as paths of other lengths
# take other memory; and has an environment of the same size, below which the stack begins. Modules
# are still compiled side by side: beside other heavy work a build has had other bytes.

set -eu
cd "$(dirname "$0")/.."
scratch=.build/shipped

mkdir -p .build/archives
ln -sf "$(${CC:-cc} -print-file-name=libstdc++.a)" .build/archives/

# A container may not be allowed to do that.
fixed="setarch --addr-no-randomize"
if ! $fixed true 2>/dev/null; then
    echo "Addresses are randomized here: another build may have other bytes" >&2
    fixed=
fi

# Nor this. Every system has the directory; what the build needs must not be hidden under it.
place=/mnt
namespace="unshare --mount"
[ "$(id -u)" -eq 0 ] || namespace="$namespace --map-root-user"
case ":$(readlink -f "$(command -v swift)"):$HOME:$PATH:${TMPDIR:-}" in
    *:"$place"/*) namespace=false ;;
esac
if ! $namespace mount --bind . "$place" 2>/dev/null; then
    echo "The source stays at $PWD: a build elsewhere may have other bytes" >&2
    namespace=
    place=$PWD
fi

# The compiler's caches are bound to the path that they were made at.
if [ "$(cat "$scratch/place" 2>/dev/null)" != "$place" ]; then
    rm -rf "$scratch"
    mkdir -p "$scratch"
    echo "$place" >"$scratch/place"
fi

# Goes to $1, if there is one, and runs the rest, in an environment that is filled up to 256
# variables and 64 KB.
# shellcheck disable=SC2016  # that shell is to put its own variables in
inside='
    [ -z "$1" ] || { mount --bind . "$1" && cd "$1"; }
    shift
    count=$(env -0 | tr -cd "\0" | wc -c) length=$(env -0 | wc -c) fill=
    while [ "$count" -lt 255 ]; do
        fill="$fill FILL_$((1000 + count))=" count=$((count + 1)) length=$((length + 11))
    done
    exec env $fill FILL_REST="$(printf "%0$((65536 - length))d" 0)" "$@"
'

# at_place COMMAND...
at_place() { $namespace sh -euc "$inside" sh "${namespace:+$place}" "$@"; }

build() {
    order=symbol-order
    case " $* " in *" reprieve "*) order=symbol-order-command ;; esac
    counts=
    case " $* " in *" reprieved "*)
        for name in retain retain_n release release_n bridgeObjectRetain bridgeObjectRetain_n \
            bridgeObjectRelease bridgeObjectRelease_n; do
            counts="$counts -Xlinker --wrap=swift_$name"
            counts="$counts -Xlinker --defsym=__wrap_swift_$name=swift_nonatomic_$name"
        done
        ;;
    esac
    # shellcheck disable=SC2086  # options
    at_place $fixed swift build --configuration release --scratch-path "$scratch" \
        --static-swift-stdlib --disable-local-rpath \
        -Xswiftc -use-ld=lld -Xswiftc -file-prefix-map -Xswiftc "$place=/reprieve" \
        -Xcc "-ffile-prefix-map=$place=/reprieve" \
        -Xswiftc -Xfrontend -Xswiftc -disable-incremental-llvm-codegen \
        -Xswiftc -Xfrontend -Xswiftc -function-sections \
        -Xswiftc -num-threads -Xswiftc 1 \
        -Xswiftc -Xclang-linker -Xswiftc -static-libgcc \
        -Xlinker --build-id=none -Xlinker --gc-sections -Xlinker --icf=all \
        -Xlinker --strip-all -Xlinker --no-export-dynamic \
        -Xlinker "--symbol-ordering-file=$place/Packaging/$order" \
        -Xlinker --no-warn-symbol-ordering \
        -Xlinker -z -Xlinker pack-relative-relocs -Xlinker "-L$place/.build/archives" \
        $counts "$@"
    [ -z "$counts" ] || refuse_threads "$@"
}

# Another thread would count references that these operations lose.
refuse_threads() {
    case " $* " in *" --show-bin-path "*) return 0 ;; esac
    symbols=$(readelf --wide --dyn-syms "$(programs "$@")/reprieved") || exit
    case "$symbols" in
        *pthread_create*) echo "reprieved has threads: its references have to be atomic" >&2 ;;
        *sd_event_loop*) return 0 ;;
        *) echo "It is not to be seen whether reprieved has threads" >&2 ;;
    esac
    exit 1
}

# programs OPTION...: where they are.
programs() {
    path=$(build --show-bin-path "$@")
    echo "$PWD${path#"$place"}"
}

if [ $# -gt 0 ]; then
    build "$@" >&2
else
    build --product reprieved >&2
    build --product reprieve >&2
    python3 Packaging/sbom.py "$(programs)/reprieve.spdx.json"
fi
programs "$@"
