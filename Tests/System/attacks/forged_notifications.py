# SPDX-License-Identifier: Apache-2.0
"""Tells systemd what only the process of another number may say of itself.

    python3 forged_notifications.py PID
"""

import contextlib
import os
import socket
import struct
import sys

WORDS = ["READY=1", "STOPPING=1", "RELOADING=1", "WATCHDOG=trigger", "WATCHDOG_USEC=1",
         "MAINPID=1", "STATUS=forged", "ERRNO=1", "BARRIER=1"]  # fmt: skip
PATHS = ["/run/systemd/notify", "/run/systemd/private", os.environ.get("NOTIFY_SOCKET", "")]

assert os.geteuid() != 0
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as one:
    for process in (int(sys.argv[1]), os.getpid()):
        for path in filter(None, PATHS):
            for word in WORDS:
                credentials = struct.pack("3i", process, os.getuid(), os.getgid())
                message = (socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)
                # The kernel refuses a number that is not ours, and systemd the others.
                with contextlib.suppress(OSError):
                    one.sendmsg([word.encode()], [message], 0, path)
        # What it says of itself may end it.
        print("sent", flush=True)
