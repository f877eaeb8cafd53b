# SPDX-License-Identifier: Apache-2.0
"""Signals to `reprieve gate` while its announcement is on the way."""

import pathlib
import signal
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


def wait_for_no_pending_signal(process):
    end = time.monotonic() + TIMEOUT
    while True:
        status = pathlib.Path(f"/proc/{process}/status").read_text()
        if "ShdPnd:\t0000000000000000" in status:
            return
        assert time.monotonic() < end
        threading.Event().wait(0.01)
