# SPDX-License-Identifier: Apache-2.0
"""A nucleus in Swift against the real daemon: its gates, and its own shutdown."""

import os
import signal
import subprocess

import pytest
from daemon import BUILD, NOBODY
from expect import HOUR

pytestmark = pytest.mark.skipif(
    not (BUILD / "sample-nucleus").exists(), reason="the sample is not built"
)


@pytest.fixture
def nucleus(daemon, processes):
    def start(*deployments):
        return processes.start(BUILD / "sample-nucleus", daemon.control_socket, *deployments)

    return start


def test_the_dangerous_part_waits_for_the_components(daemon, nucleus):
    camera = daemon.component()
    program = nucleus("d-1")
    assert camera.notice()["deploymentId"] == "d-1"
    camera.defer("d-1", HOUR, message="recording")
    program.error_line("waiting for com.example.Camera: recording")
    camera.acknowledge("d-1")
    program.error_line("d-1: the dangerous part")
    assert camera.post()["outcome"] == "applied"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_its_shutdown_waits_and_is_completed_at_the_next_start(
    daemon, coordinator, nucleus, number
):
    camera = daemon.component()
    program = nucleus()
    program.error_line("no restart to report")
    program.signal(number)
    notice = camera.notice()
    assert (notice["deploymentId"], notice["isGgcRestarting"]) == ("nucleus-restart", True)
    camera.defer("nucleus-restart", HOUR, message="recording")
    program.error_line("waiting for com.example.Camera: recording")
    assert program.process.poll() is None
    camera.acknowledge("nucleus-restart")
    assert program.end()[0] == 0
    assert coordinator.status()["updates"][0]["state"] == "released"
    nucleus()
    assert camera.post()["outcome"] == "applied"


def test_a_shutdown_withdraws_a_deployment_that_waits_once_its_own_gate_is_open(daemon, nucleus):
    camera = daemon.component()
    program = nucleus("d-1")
    camera.notice()
    camera.defer("d-1", HOUR)
    program.error_line("waiting for")
    program.signal(signal.SIGTERM)
    assert camera.notice()["deploymentId"] == "nucleus-restart"
    camera.acknowledge("nucleus-restart")
    post = camera.post()
    assert (post["deploymentId"], post["outcome"]) == ("d-1", "cancelled")
    assert program.end()[0] == 0


def test_a_daemon_that_restarts_keeps_the_nucleus_waiting(daemon, nucleus, start):
    camera = daemon.component()
    program = nucleus("d-1")
    camera.notice()
    camera.defer("d-1", HOUR)
    program.error_line("waiting for")
    daemon.kill()
    again = start().component()
    again.acknowledge("d-1")
    program.error_line("d-1: the dangerous part")
    assert again.post()["outcome"] == "applied"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_user_who_may_not_gate_is_told_so(daemon, processes):
    binary = daemon.directory / "sample-nucleus"
    # Another user may not be able to reach the build folder.
    command = ["install", "-m", "755", BUILD / "sample-nucleus", binary]
    subprocess.run(command, check=True, timeout=10)
    program = processes.start(binary, daemon.control_socket, "d-1", user=NOBODY)
    program.error_line(f"d-1 failed: this user may not open {daemon.control_socket}")


def test_many_gates_leave_no_descriptor_behind(daemon, coordinator, nucleus):
    """One that is withdrawn, and others that open."""
    camera = daemon.component()
    names = [f"d-{number}" for number in range(30)]
    program = nucleus(*names)
    counts = []
    for name in names:
        assert camera.notice()["deploymentId"] == name
        counts.append(len(os.listdir(f"/proc/{program.pid}/fd")))
        if name == "d-7":
            coordinator.cancel(name)
        else:
            camera.acknowledge(name)
        camera.post()
    # A gate that is just being closed still has its own.
    assert min(counts[20:]) <= max(counts[:10])
