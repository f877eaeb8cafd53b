#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""An EV charger: no update interrupts a charging transaction.

    Samples/ev-charger/charger.py       reads "start 1" and "stop 1", where 1 is a connector

While a transaction runs, `reprieve hold` runs beside it. It ends with its standard input, so also
if the charger's software dies. While an update waits or is under way, no transaction starts: the
connector is Unavailable, as OCPP calls it. Otherwise the next car could always be there before the
update. Without a broker the charger charges as ever. Needs the command `reprieve` in PATH.
"""

import collections
import subprocess
import sys


class Connector:
    hold = None

    def start(self, number):
        if not self.hold:
            name, why = f"com.example.Charger.{number}", f"charging at connector {number}"
            command = ["reprieve", "hold", "--component", name, "--why", why]
            command += ["--if-waiting", "refuse", "--if-denied", "run"]
            command += ["--", "sh", "-c", "echo held; read -r _"]
            pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
            self.hold = subprocess.Popen(command, **pipes)
            if not self.hold.stdout.readline():  # it was refused
                self.stop(number)
                return "Unavailable"
        return "Charging"

    def stop(self, number):
        if self.hold:
            self.hold.communicate()  # its input ends: an update that waits goes ahead
        self.hold = None
        return "Available"


connectors = collections.defaultdict(Connector)
for request in sys.stdin:
    verb, number = request.split()
    print(number, getattr(connectors[number], verb)(number), flush=True)
