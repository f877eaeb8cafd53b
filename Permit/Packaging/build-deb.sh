#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian package of reprieve-permit, and prints its path. Needs debhelper.
#
#     Permit/Packaging/build-deb.sh

set -eu
cd "$(dirname "$0")/../.."
. Packaging/version.sh
top=.build/permit-deb
tree=$top/reprieve-permit

programs=$(Permit/Packaging/build-release.sh)
rm -rf "$top"
mkdir -p "$tree"
cp -R Permit/Packaging/* Permit/README.md Permit/simulation.svg "$tree"
cp "$programs/reprieve-permit" "$tree"
cat >"$tree/debian/changelog" <<END
reprieve-permit ($VERSION) unstable; urgency=medium

  * CHANGELOG.md of the source says what has changed.

 -- Reprieve developers <reprieve@packages.invalid>  $(date -u -R --date="@$SOURCE_DATE_EPOCH")
END
(cd "$tree" && dpkg-buildpackage --build=binary --no-sign) >"$top/log" 2>&1 || {
    cat "$top/log" >&2
    exit 1
}
echo "$PWD/$top"/*.deb
