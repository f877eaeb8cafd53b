# SPDX-License-Identifier: Apache-2.0
"""A restart of the daemon is not absence of its components: sockets that systemd keeps, a real kill
-9, and an update that is announced the moment the daemon is back."""

import contextlib
import os
import pathlib
import shutil
import threading

import pytest
from daemon import Daemon
from expect import history
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


def lines(path):
    return path.read_text().splitlines() if path.exists() else []


@pytest.mark.parametrize("inherits", [True, False])
def test_a_second_gate_waits_for_the_command_that_outlived_the_daemon(
    directory, processes, inherits
):
    """Also if it is there at once, before the first has found the daemon again."""
    mark = pathlib.Path(directory, "mark")
    command = ["gate", "--deployment-id", "d", "--", "sh", "-c", 'echo run >>"$0"; read line',
               str(mark)]  # fmt: skip
    with contextlib.ExitStack() as stack:
        paths = [f"{directory}/ipc.socket", f"{directory}/control.socket"]
        sockets = stack.enter_context(listening(*paths)) if inherits else ()
        daemon = Daemon(directory, sockets=sockets)
        first = processes.reprieve(daemon, *command, stdin=-1)
        first.error_line("released")
        for _ in range(2):
            daemon.kill()
            daemon = Daemon(directory, sockets=sockets)
            second = processes.reprieve(daemon, *command)
            second.error_line("another")
        daemon.kill()
        daemon = Daemon(directory, sockets=sockets)
        print(file=first.process.stdin, flush=True)
        assert first.end()[0] == 0
        assert second.end()[0] == 0
        assert lines(mark) == ["run"]
        daemon.stop()


def test_a_gate_does_not_announce_its_update_again_where_nothing_is_known_of_it(
    directory, processes
):
    daemon = Daemon(directory)
    gate = processes.reprieve(daemon, "gate", "--deployment-id", "d", "--", "cat", stdin=-1)
    gate.error_line("released")
    daemon.kill()
    shutil.rmtree(daemon.state_directory)
    (daemon.directory / "journal").unlink()
    daemon = Daemon(directory)
    # By then the gate has looked: it is connected before it asks.
    threading.Event().wait(1.5)
    assert daemon.coordinator().status()["updates"] == []
    assert history(daemon) == []
    gate.process.stdin.close()
    gate.end()
    daemon.stop()
