# SPDX-License-Identifier: Apache-2.0
"""Signals to `reprieve gate` while its announcement is on the way."""

import pathlib
import signal
import subprocess
import threading
import time

import pytest
from daemon import BUILD
from protocol import TIMEOUT
from slow_answers import SlowAnswers


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_between_an_announcement_and_its_answer_cancels_the_update(
    daemon, processes, directory, number
):
    processes.child_component(daemon.component_socket)
    watcher = daemon.coordinator()
    way = SlowAnswers(f"{directory}/slow.socket", daemon.control_socket)
    gate = processes.start(BUILD / "reprieve", "gate", "--control-socket", way.path, "--", "true")
    assert way.asked.wait(TIMEOUT)
    assert [one["state"] for one in watcher.status()["updates"]] == ["waiting"]
    gate.signal(number)
    # It has arrived before the answer does.
    wait_for_no_pending_signal(gate.pid)
    way.answered.set()
    code, _, errors = gate.end()
    assert code == 128 + number and "the update is cancelled" in errors[-1]
    assert watcher.status()["updates"] == []
    way.close()


def test_a_signal_waits_only_shortly_for_the_answer_to_an_announcement(
    daemon, processes, directory
):
    processes.child_component(daemon.component_socket)
    way = SlowAnswers(f"{directory}/slow.socket", daemon.control_socket)
    gate = processes.start(BUILD / "reprieve", "gate", "--control-socket", way.path, "--", "true")
    assert way.asked.wait(TIMEOUT)
    gate.signal(signal.SIGTERM)
    assert gate.end()[0] == 128 + signal.SIGTERM
    way.close()


def test_a_gate_that_lost_the_broker_does_not_report_an_update_that_another_one_makes(
    start, processes, directory
):
    first = start()
    camera = processes.child_component(first.component_socket)
    way = SlowAnswers(f"{directory}/slow.socket", first.control_socket)
    way.answered.set()
    options = ["--deployment-id", "d", "--", "sh", "-c", "echo runs; read x"]
    late = processes.start(BUILD / "reprieve", "gate", "--control-socket", way.path, *options)
    camera.line("preUpdateEvent")
    late.signal(signal.SIGSTOP)
    first.kill()
    daemon = start()
    camera = processes.child_component(daemon.component_socket)
    maker = processes.reprieve(daemon, "gate", *options, stdin=subprocess.PIPE)
    maker.error_line("is joined")
    late.signal(signal.SIGCONT)
    late.error_line("is joined")
    way.asked.clear()
    way.answered.clear()
    camera.say(deploymentId="d", recheckAfterMs=0)
    maker.line("runs")
    # The release is on its way, and the signal comes first.
    assert way.asked.wait(TIMEOUT)
    way.asked.clear()
    late.signal(signal.SIGINT)
    # So does the broker's answer that it is too late to cancel.
    assert way.asked.wait(TIMEOUT)
    way.answered.set()
    code, _, errors = late.end()
    assert code == 128 + signal.SIGINT and "just after the gate had opened" in errors[-1]
    assert [one["state"] for one in daemon.coordinator().status()["updates"]] == ["released"]
    maker.say()
    assert maker.end()[0] == 0
    way.close()


def wait_for_no_pending_signal(process):
    end = time.monotonic() + TIMEOUT
    while True:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        if "ShdPnd:\t0000000000000000" in status:
            return
        assert time.monotonic() < end
        threading.Event().wait(0.01)
