#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a layer for Yocto and an external tree for Buildroot, each with the source that it builds,
# and prints the directory that they are in. Nothing in them needs a network.
#
#     Packaging/build-layers.sh

set -eu
cd "$(dirname "$0")/.."
. Packaging/version.sh
layers=$PWD/.build/layers

archive=$(Packaging/build-source.sh)
rm -rf "$layers"
mkdir -p "$layers/meta-reprieve/recipes-core/reprieve/files"
cp -R Packaging/yocto/. "$layers/meta-reprieve"
cp -R Packaging/buildroot "$layers/buildroot-reprieve"
cp "$archive" "$layers/meta-reprieve/recipes-core/reprieve/files/"

package=$layers/buildroot-reprieve/package/reprieve
cp "$archive" "$package/"
hash=$(sha256sum <"$archive")
echo "sha256  ${hash%% *}  ${archive##*/}" >>"$package/reprieve.hash"
echo "$layers"
