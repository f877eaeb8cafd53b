# SPDX-License-Identifier: Apache-2.0
"""A component in a process of its own: prints what it hears, answers what it is told to.

    child_component.py SOCKET NAME

Each line on standard input is a request to defer; each event is a line on standard output.
"""

import json
import sys
import threading

from protocol import Component, Connection, HungUp

connection = Connection.open(sys.argv[1]).connect(sys.argv[2])
component = Component(connection)
print("subscribed", flush=True)


def answer():
    for line in sys.stdin:
        connection.request("DeferComponentUpdate", json.loads(line))


threading.Thread(target=answer, daemon=True).start()
try:
    while True:
        print(connection.next_frame(timeout=3600).payload.decode(), flush=True)
except HungUp:
    print("hung up", flush=True)
