#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the Debian package, and prints its path.
#
#     Packaging/build-deb.sh [DIRECTORY [ARCHITECTURE EMULATED]]
#
# DIRECTORY holds the built programs; without it they are built as Packaging/build-release.sh does.
# If they are for another architecture, EMULATED holds what runs them here.
# Needs the Debian packages debhelper and python3.

set -eu
programs=${1:+$(cd "$1" && pwd)}
architecture=${2:-$(dpkg --print-architecture)}
emulated=${3:-}
cd "$(dirname "$0")/.."
. Packaging/version.sh
programs=${programs:-$(Packaging/build-release.sh)}
top=.build/deb
tree=$top/reprieve

rm -rf "$top"
mkdir -p "$tree/built"
cp -R Packaging/* README.md Protocol "$tree"
# For its autopkgtest.
cp -R --parents Samples Tests/Tools/prepare.sh "$tree"
# What a test run of the conformance kit leaves.
find "$tree/Protocol" -name __pycache__ -prune -exec rm -r {} +
cp "$tree/systemd/sysusers.conf" "$tree/debian/reprieve.sysusers"
cat >"$tree/debian/changelog" <<END
reprieve ($VERSION) unstable; urgency=medium

  * CHANGELOG.md of the source says what has changed.

 -- Reprieve developers <reprieve@packages.invalid>  $(date -u -R --date="@$SOURCE_DATE_EPOCH")
END
cp "$programs/reprieved" "$programs/reprieve" "$tree/built"
python3 Packaging/generate.py "$tree/built" "${emulated:-$tree/built}"
(cd "$tree" && dpkg-buildpackage --build=binary --no-sign --host-arch "$architecture") \
    >"$top/log" 2>&1 || {
    cat "$top/log" >&2
    exit 1
}
echo "$PWD/$top"/*.deb
