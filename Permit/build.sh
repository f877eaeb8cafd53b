#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds or tests this package: `Permit/build.sh build`, `Permit/build.sh test --filter …`. Where
# libcurl's headers are not installed, they are unpacked beside the build.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Tests/Tools/prepare.sh
. Tests/Tools/prepare.sh

command=$1
shift
flags=()
if ! echo '#include <curl/curl.h>' | "${CC:-cc}" -E -o /dev/null - 2>/dev/null; then
    unpack_packages .build/curl libcurl4-openssl-dev >&2
    tree=$PWD/.build/curl/tree/usr
    triplet=$("${CC:-cc}" -print-multiarch)
    flags=(-Xcc "-I$tree/include" -Xcc "-I$tree/include/$triplet"
        -Xlinker "-L$tree/lib/$triplet")
fi
exec swift "$command" --package-path Permit --scratch-path .build/permit "${flags[@]}" "$@"
