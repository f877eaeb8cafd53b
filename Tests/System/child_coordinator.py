# SPDX-License-Identifier: Apache-2.0
"""A coordinator in a process of its own, which waits at a gate until somebody ends it.

    child_coordinator.py SOCKET REQUEST
"""

import json
import sys

from protocol import Connection, Coordinator

request = json.loads(sys.argv[2])
coordinator = Coordinator(Connection.open(sys.argv[1]).connect())
gate = coordinator.gate(request.pop("deploymentId"), **request)
print("announced", flush=True)
while True:
    print(json.dumps(gate.event(timeout=3600)), flush=True)
