#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# What a container runtime does, as far as it matters to the broker: a root of its own, in which
# there is the socket, and processes that see only themselves.
#
#     container.sh SOCKET FILE COMMAND ...
#
# FILE is /component there, and /usr is the machine's. An ordinary user may do it, too, where user
# namespaces are allowed.

set -eu
# What follows would be mounted over the machine itself.
if [ "${1:-}" != --inside ]; then
    mapped=
    [ "$(id -u)" -eq 0 ] || mapped=--map-root-user
    exec unshare --mount --pid --fork --kill-child $mapped sh "$0" --inside "$@"
fi
shift

mount --make-rprivate /
mount -t tmpfs tmpfs /mnt
cd /mnt
mkdir -p usr proc machine run/reprieve
for name in bin lib lib64; do ln -s "usr/$name" "$name"; done
touch run/reprieve/ipc.socket component
mount --bind "$1" run/reprieve/ipc.socket
mount --bind "$2" component
mount --rbind /usr usr
mount -t proc proc proc
shift 2
pivot_root . machine
umount -l /machine
exec chroot . "$@"
