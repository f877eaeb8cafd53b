#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes a system extension, for devices whose /usr is read-only, and prints its path.
#
#     Packaging/build-sysext.sh [DIRECTORY]     DIRECTORY holds the built programs
#
# On the device, put it into /var/lib/extensions, then `systemd-sysext refresh` and `systemctl
# daemon-reload`. From systemd 255 on, later boots do the same if systemd-sysext.service is enabled.
# It runs where there are libsystemd and glibc 2.36 or later. Only root may open the control socket:
# the group for it is not in the extension. Needs mksquashfs.

set -eu
programs=${1:+$(cd "$1" && pwd)}
cd "$(dirname "$0")/.."
programs=${programs:-$(Packaging/build-release.sh)}
top=$PWD/.build/sysext
tree=$top/reprieve
units=$tree/usr/lib/systemd/system

rm -rf "$top"
Packaging/install.sh "$programs" "$tree"
rm -r "$tree/usr/lib/sysusers.d" "$tree/usr/lib/systemd/system-preset"

# put FILE LINE...
put() {
    mkdir -p "$(dirname "$1")"
    printf '%s\n' "$@" | sed 1d >"$1"
}
# The name of the file that is merged must be the extension's.
put "$tree/usr/lib/extension-release.d/extension-release.reprieve" \
    ID=_any EXTENSION_RELOAD_MANAGER=1
put "$units/reprieved-control.socket.d/extension.conf" '[Socket]' SocketGroup=
# The units come when the boot has begun, so that it does not see what an enabled unit has.
put "$units/multi-user.target.d/reprieve.conf" \
    '[Unit]' 'Upholds=reprieved.socket reprieved-control.socket reprieved.service'

mksquashfs "$tree" "$top/reprieve.raw" -all-root -no-progress -quiet
echo "$top/reprieve.raw"
