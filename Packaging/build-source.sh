#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Packs the committed source with the Swift packages that it needs, so that it builds without a
# network, and prints the path of the archive. The same commit makes the same bytes.
#
#     Packaging/build-source.sh

set -eu
cd "$(dirname "$0")/.."
. Packaging/version.sh
name=reprieve-$VERSION
top=$PWD/.build/source

# Has the manifests FILE... find the packages in folders under PATH.
use_folders() {
    path=$1
    shift
    version='(?:\w+:\s*"[^"]*"|\.\w+\([^()]*\)|"[^"]*"\s*\.\.[.<]\s*"[^"]*")'
    perl -0pi -e "s#url:\s*\"[^\"]*/($packages)(\.git)?\",\s*$version#path: \"$path\$1\"#g" "$@"
}

swift package resolve >&2
rm -rf "$top"
mkdir -p "$top/$name/Vendor"
git archive HEAD | tar --extract --directory "$top/$name"
for checkout in .build/checkouts/*; do
    package=${checkout##*/}
    mkdir "$top/$name/Vendor/$package"
    git -C "$checkout" archive HEAD | tar --extract --directory "$top/$name/Vendor/$package"
done
cp Package.resolved "$top/$name/Vendor/"
packages=$(ls .build/checkouts | paste -sd '|')
use_folders Vendor/ "$top/$name/Package.swift"
use_folders ../Vendor/ "$top/$name/Permit/Package.swift"
use_folders ../ "$top/$name"/Vendor/*/Package*.swift

tar --create --directory "$top" --sort=name --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" "$name" | gzip -9n >"$top/$name.tar.gz"
echo "$top/$name.tar.gz"
