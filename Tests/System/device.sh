#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes this machine's files a device that an updater may change: an overlay that is forgotten with
# this process, in a mount namespace of its own.
#
#     device.sh SOCKETS PROGRAM PACKAGES
#
# There, SOCKETS is /run/reprieve, PROGRAM the command `reprieve`, and what is unpacked in PACKAGES
# is as if it was installed. `systemctl`, which has no systemd to talk to, writes down what it is to
# do. It lives until its input ends; `nsenter` runs programs on the device. /tmp and /dev are the
# machine's own.

set -eu
# What follows would be mounted over the machine itself.
[ "${1:-}" = --inside ] || exec unshare --mount sh "$0" --inside "$@"
shift

mount --make-rprivate /
# The upper directory must not be in what it is laid over.
mount -t tmpfs tmpfs /mnt
mkdir /mnt/upper /mnt/scratch /mnt/root
root=/mnt/root
[ ! -d "$3" ] || cp -a "$3/." /mnt/upper
mount -t overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/scratch device "$root"
for directory in dev proc sys tmp; do
    mount --rbind "/$directory" "$root/$directory"
done
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root/run/reprieve" "$root/run/device/machine"
mount --rbind "$1" "$root/run/reprieve"

rm -f "$root/usr/bin/reprieve" "$root/usr/bin/systemctl"
ln -s "$2" "$root/usr/bin/reprieve"
cat >"$root/usr/bin/systemctl" <<'END'
#!/bin/sh
echo "$*" >>/run/device/systemctl
END
chmod +x "$root/usr/bin/systemctl"

# From here on the machine's own root is out of reach, for whoever enters, too. Only then is it
# ready: whoever came earlier would be on the machine itself.
cd "$root"
pivot_root . run/device/machine
umount -l /run/device/machine
exec chroot . sh -c 'echo ready && exec cat'
