# SPDX-License-Identifier: Apache-2.0
"""An EV charger's transaction holds updates back: Samples/ev-charger."""

import signal
import subprocess
import sys

import pytest
from samples import SAMPLES, environment

FIRST = "com.example.Charger.1"


@pytest.fixture
def charger(daemon, processes):
    return Charger(processes, daemon)


class Charger:
    def __init__(self, processes, daemon):
        # Each connector is a component of its own name.
        variables = environment(daemon.component_socket)
        del variables["SVCUID"]
        self.program = processes.start(
            sys.executable, SAMPLES / "ev-charger/charger.py", env=variables, stdin=subprocess.PIPE
        )

    def asked(self, request):
        print(request, file=self.program.process.stdin, flush=True)
        return self.program.line()


def test_an_update_waits_for_the_transaction_and_goes_ahead_when_it_ends(charger, coordinator):
    assert charger.asked("start 1") == "1 Charging"
    gate = coordinator.gate("d")
    assert gate.shows(FIRST, "deferred")["message"] == "charging at connector 1"
    assert charger.asked("stop 1") == "1 Available"
    assert gate.released()["basis"] == "consent"


def test_no_transaction_starts_while_an_update_waits_or_is_under_way(charger, coordinator):
    assert charger.asked("start 1") == "1 Charging"
    gate = coordinator.gate("d")
    gate.shows(FIRST, "deferred")
    assert charger.asked("start 2") == "2 Unavailable"
    assert charger.asked("start 1") == "1 Charging", "what runs already is not affected"
    assert charger.asked("stop 1") == "1 Available"
    gate.released()
    assert charger.asked("start 1") == "1 Unavailable"
    coordinator.complete("d")
    assert charger.asked("start 1") == "1 Charging"


def test_a_charger_that_dies_holds_nothing_back(charger, coordinator):
    assert charger.asked("start 1") == "1 Charging"
    gate = coordinator.gate("d")
    gate.shows(FIRST, "deferred")
    charger.program.signal(signal.SIGKILL)
    assert gate.released()["basis"] == "consent"


def test_without_a_broker_it_charges(charger, daemon):
    daemon.stop()
    assert charger.asked("start 1") == "1 Charging"
    assert charger.asked("stop 1") == "1 Available"
