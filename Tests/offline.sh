#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Builds the daemon and the command from the source archive as a distribution does: in another
# directory, without a network, and without what this user's git and Swift have cached. The daemon
# must have the bytes that it has when it is built here.
#
#     Tests/offline.sh      prints the digests of both

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
# shellcheck source=Packaging/version.sh
. Packaging/version.sh

# The archive that image builders get.
package=$(Packaging/build-layers.sh)/buildroot-reprieve/package/reprieve
archive=$package/reprieve-$VERSION.tar.gz
(cd "$package" && grep -F .tar.gz reprieve.hash | cut -d ' ' -f 3- | sha256sum --check)
top=$PWD/.build/offline
rm -rf "$top"
mkdir -p "$top/home"
tar --extract --gzip --file "$archive" --directory "$top"

unshare=(unshare --net)
[ "$(id -u)" -eq 0 ] || unshare+=(--map-root-user)
programs=$("${unshare[@]}" env -i PATH="$PATH" HOME="$top/home" XDG_CACHE_HOME="$top/home" \
    GIT_CONFIG_NOSYSTEM=1 SOURCE_DATE_EPOCH="$SOURCE_DATE_EPOCH" \
    "$top/reprieve-$VERSION/Packaging/build-release.sh")
if [ -n "$(ls -A "$top/reprieve-$VERSION/.build/repositories" 2>/dev/null)" ]; then
    echo "The build from the archive has fetched a package" >&2
    exit 1
fi
[ "$("$programs/reprieve" --version)" = "reprieve $VERSION" ]

sha256sum "$programs/reprieved" "$programs/reprieve"

# The command is linked with packages, which stand in another place in the archive: other bytes. So
# may have what was built here beside other work.
rm -rf .build/shipped
here=$(Packaging/build-release.sh --product reprieved)
cmp "$programs/reprieved" "$here/reprieved"
