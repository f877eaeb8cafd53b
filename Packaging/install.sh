#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the built programs, and what systemd needs to run them, into the files of an image. The
# layer for Yocto and the package for Buildroot call it.
#
#     Packaging/install.sh PROGRAMS TREE      PROGRAMS is the directory of reprieved and reprieve

set -eu
programs=$1 tree=$2
cd "$(dirname "$0")"

put() { install -D -m "$1" "$2" "$tree/$3"; }

put 755 "$programs/reprieved" usr/sbin/reprieved
put 755 "$programs/reprieve" usr/bin/reprieve
for unit in systemd/*.service systemd/*.socket systemd/*.timer; do
    put 644 "$unit" "usr/lib/systemd/system/${unit##*/}"
done
put 644 systemd/reprieve.preset usr/lib/systemd/system-preset/50-reprieve.preset
put 644 systemd/sysusers.conf usr/lib/sysusers.d/reprieve.conf
put 644 reprieve.catalog usr/lib/systemd/catalog/reprieve.catalog
