#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A job that no update interrupts. It is a component only while it runs.
#
#     Samples/shell-component/backup.sh DIRECTORY ARCHIVE
#
# In a systemd service the name can be left out: the component has the service's name.
#
# The update waits as long as the command behind `--` runs, within the operator's limits, and goes
# on in the instant in which that ends, however it ends. Without a broker it runs all the same.

exec reprieve hold --component com.example.Backup --why "backing up $1" -- \
    tar --create --file "$2" "$1"
