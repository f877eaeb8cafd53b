#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Becomes the launcher of a dbus-broker with a socket and limits of its own.

    dbus-broker.py SOCKET CONFIGURATION
"""

import ctypes
import os
import pathlib
import socket
import subprocess
import sys

CLONE_NEWNS = 0x00020000

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
  <limit name="max_incoming_bytes">1000000000</limit>
  <limit name="max_outgoing_bytes">1000000000</limit>
  <limit name="max_connections_per_user">100000</limit>
  <limit name="max_completed_connections">100000</limit>
  <limit name="max_match_rules_per_connection">50000</limit>
</busconfig>
"""


def give_it_a_journal() -> None:
    """The launcher insists on a journal to log to. Only it, in a mount namespace, sees this one."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNS) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    os.makedirs("/run/systemd", exist_ok=True)
    subprocess.run(["mount", "--make-rprivate", "/"], check=True)
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run/systemd"], check=True)
    os.makedirs("/run/systemd/journal")
    journal = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journal.bind("/run/systemd/journal/socket")
    os.dup2(journal.fileno(), 4)


def main() -> None:
    path, configuration = sys.argv[1:]
    pathlib.Path(configuration).write_text(CONFIGURATION)
    give_it_a_journal()
    listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
    listening.bind(path)
    listening.listen(4096)
    os.dup2(listening.fileno(), 3)
    os.set_inheritable(3, True)  # dup2 does not, where it is descriptor 3 already
    environment = dict(
        os.environ,
        LISTEN_FDS="1",
        LISTEN_PID=str(os.getpid()),
        DBUS_SESSION_BUS_ADDRESS="unix:path=" + path,
    )
    launcher = "dbus-broker-launch"
    os.execvpe(launcher, [launcher, "--scope", "user", "--config-file", configuration], environment)


main()
