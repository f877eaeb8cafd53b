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

swift package resolve >&2
rm -rf "$top"
mkdir -p "$top/$name/Vendor"
git archive HEAD | tar --extract --directory "$top/$name"

# In the archive's manifest each package is a folder; so are those that they need themselves, which
# otherwise would be fetched.
manifest=$top/$name/Package.swift
for checkout in .build/checkouts/*; do
    package=${checkout##*/}
    mkdir "$top/$name/Vendor/$package"
    git -C "$checkout" archive HEAD | tar --extract --directory "$top/$name/Vendor/$package"
    vendored=".package(path: \"Vendor/$package\"),"
    if grep -q "\.package(url: .*/$package\"" "$manifest"; then
        sed -i "s#\.package(url: .*/$package\".*#$vendored#" "$manifest"
    else
        sed -i "s#^    dependencies: \[#&\n        $vendored#" "$manifest"
    fi
done

tar --create --directory "$top" --sort=name --owner=0 --group=0 --numeric-owner \
    --mode=u=rwX,go=rX --mtime="@$SOURCE_DATE_EPOCH" "$name" | gzip -9n >"$top/$name.tar.gz"
echo "$top/$name.tar.gz"
