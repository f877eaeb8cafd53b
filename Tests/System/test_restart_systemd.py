# SPDX-License-Identifier: Apache-2.0
"""The daemon is restarted, and killed, under a real systemd, which keeps its connections."""

import re

import pytest
from machine import SOCKET, Machine
from rig import TESTS, needs_systemd
from scripted_upstream import NAME, TOKEN

pytestmark = [needs_systemd, pytest.mark.systemd]

RESTARTS = 10

NUCLEUS = """
import os, threading
from scripted_upstream import Lite
os.umask(0)
Lite("/run/nucleus.socket")
print("listening", flush=True)
threading.Event().wait()
"""


def gate(machine, id, component="camera"):
    """An update that waits for the camera alone."""
    options = ["--deployment-id", id, "--component", component]
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


def test_nor_that_of_a_component_behind_a_nucleus_which_ends_with_it(tmp_path):
    environment = {
        "PYTHONPATH": TESTS, "PYTHONDONTWRITEBYTECODE": "1", "SVCUID": TOKEN,
        "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": SOCKET,
    }  # fmt: skip
    properties = [f"Environment={name}={value}" for name, value in environment.items()]
    python = {"properties": properties, "stdin": None}
    settings = "[Broker]\nUpstream=/run/nucleus.socket\n"
    with Machine(tmp_path / "out", configuration=settings) as machine:
        nucleus = machine.start("/usr/bin/python3", "-c", NUCLEUS, unit="nucleus", **python)
        nucleus.line("listening")
        program = f"{TESTS}/c_beside_nucleus.py"
        camera = machine.start("/usr/bin/python3", program, unit="camera", **python)
        camera.line("ready")
        for _ in range(RESTARTS):
            machine.run("systemctl", "restart", "reprieved")
        for number in range(1, RESTARTS + 1):
            kill(machine, number)
        assert took_back(machine) == [(1, 1)] * 2 * RESTARTS
        code, output, _ = gate(machine, "d-1", f"camera/{NAME}").end()
        assert (code, output) == (0, ["applied"])
        code, _, errors = camera.end()
        assert (code, errors) == (0, [])
        nucleus.process.kill()


def test_a_daemon_that_is_stopped_ends_them(tmp_path):
    with Machine(tmp_path / "out") as machine:
        camera = machine.component("camera")
        machine.run("systemctl", "stop", "reprieved.socket", "reprieved-control.socket",
                    "reprieved")  # fmt: skip
        assert camera.heard()[-1] == "hung up"
