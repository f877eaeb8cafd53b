# SPDX-License-Identifier: Apache-2.0
"""Shakes hands at sockets, over and over, until there is a line on standard input. Fails if a
socket ever refuses.

    handshakes.py SOCKET...

Says how often it was let in, and how often a daemon ended while they spoke.
"""

import select
import sys

from protocol import Connection, HungUp

print("knocking", flush=True)
served = ended = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    for path in sys.argv[1:]:
        with Connection.open(path) as connection:
            try:
                connection.connect("com.example.Knocking")
                served += 1
            except (HungUp, OSError):
                ended += 1
print(f"served {served}, ended {ended}", flush=True)
