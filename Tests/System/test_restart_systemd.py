# SPDX-License-Identifier: Apache-2.0
"""The daemon is restarted, and killed, under a real systemd, which keeps its connections."""

import re

import pytest
from machine import Machine
from rig import needs_systemd

pytestmark = [needs_systemd, pytest.mark.systemd]

RESTARTS = 10


def gate(machine, id):
    """An update that waits for the camera alone."""
    options = ["--deployment-id", id, "--component", "camera"]
    return machine.start_reprieve("gate", *options, "--", "echo", "applied")


def kill(machine, number):
    """kill -9. systemd starts it again by itself."""
    machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", "reprieved")
    shown = ["systemctl", "show", "reprieved", "--property=NRestarts,SubState"]
    machine.wait_for(f"NRestarts={number}\nSubState=running", *shown)


def took_back(machine):
    journal = machine.live_journal("--unit=reprieved", "--output=cat")
    counts = re.findall(r"took back (\d+) of (\d+) connections", journal)
    return [(int(taken), int(known)) for taken, known in counts]


def test_ten_restarts_and_ten_deaths_end_no_connection(tmp_path):
    with Machine(tmp_path / "out") as machine:
        camera = machine.component("camera")
        waiting = gate(machine, "d-1")
        assert camera.notice()["round"] == 1
        for _ in range(RESTARTS):
            machine.run("systemctl", "restart", "reprieved")
        for number in range(1, RESTARTS + 1):
            kill(machine, number)
        machine.run("systemctl", "is-active", "camera")
        assert took_back(machine) == [(2, 2)] * 2 * RESTARTS
        assert "waiting for camera" in machine.run("systemctl", "status", "reprieved")
        assert camera.answer("d-1", 0) == 0
        code, output, _ = waiting.end()
        assert (code, output) == (0, ["applied"])
        [decision] = machine.history()
        assert (decision["basis"], decision["outcome"]) == ("consent", "applied")
        assert machine.power_off() == "poweroff"
    heard = camera.heard()
    assert sum("preUpdateEvent" in line for line in heard) == 1
    assert sum("postUpdateEvent" in line for line in heard) == 1


def test_a_daemon_that_is_stopped_ends_them(tmp_path):
    with Machine(tmp_path / "out") as machine:
        camera = machine.component("camera")
        machine.run("systemctl", "stop", "reprieved.socket", "reprieved-control.socket",
                    "reprieved")  # fmt: skip
        assert camera.heard()[-1] == "hung up"
