# SPDX-License-Identifier: Apache-2.0
"""A restart of the daemon is not absence of its components: sockets that systemd keeps, a real kill
-9, and an update that is announced the moment the daemon is back."""

import os

import pytest
from daemon import Daemon
from test_activation import listening

NAME = "com.example.Flasher"
RESTARTS = int(os.environ.get("REPRIEVE_RESTARTS", 12))


def hold(processes, daemon):
    """A busy component, once it is subscribed: then its command begins."""
    command = ["hold", "--why", "flashing", "--", "sh", "-c", "echo begun; exec sleep 120"]
    program = processes.reprieve_component(daemon, *command, name=NAME)
    program.line("begun")
    return program


def announced_at_once(daemon, number):
    """An update of which a busy component has not heard yet. It must not be released."""
    gate = daemon.coordinator().gate(f"d-{number}")
    participant = gate.shows(NAME, "deferred", timeout=10)
    assert not [kind for kind, _ in gate.seen if kind != "progress"]
    daemon.coordinator().cancel(f"d-{number}")
    return participant


@pytest.mark.slow
@pytest.mark.longest(600)
def test_no_restart_lets_a_gate_open_over_a_busy_component(directory, processes):
    with listening(f"{directory}/ipc.socket", f"{directory}/control.socket") as sockets:
        daemon = Daemon(directory, sockets=sockets)
        busy = hold(processes, daemon)
        announced_at_once(daemon, 0)
        for number in range(1, RESTARTS + 1):
            daemon.kill()
            daemon = Daemon(directory, sockets=sockets)
            announced_at_once(daemon, number)
        assert busy.process.poll() is None
        daemon.stop()


def test_a_component_that_died_with_the_daemon_is_waited_for_no_longer_than_the_grace(
    directory, processes
):
    with listening(f"{directory}/ipc.socket", f"{directory}/control.socket") as sockets:
        daemon = Daemon(directory, sockets=sockets)
        child = processes.child_component(daemon.component_socket, NAME)
        daemon.kill()
        child.process.kill()
        daemon = Daemon(directory, "--reconnect-grace", "1s", sockets=sockets)
        release = daemon.coordinator().gate("d").released()
        assert release["basis"] == "silence" and release["silent"] == [NAME]
        assert 0.5 < release["waitedMs"] / 1000 < 2
        daemon.stop()


def test_after_an_orderly_stop_components_are_waited_for_too(directory, processes):
    with listening(f"{directory}/ipc.socket", f"{directory}/control.socket") as sockets:
        daemon = Daemon(directory, sockets=sockets)
        hold(processes, daemon)
        announced_at_once(daemon, 0)
        daemon.stop()
        daemon = Daemon(directory, sockets=sockets)
        announced_at_once(daemon, 1)
        daemon.stop()
