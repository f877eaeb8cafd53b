# SPDX-License-Identifier: Apache-2.0
"""The hooks in Samples/updaters/flightctl do what Flight Control documents of hooks.

Its agent is not in Debian 12: each command is run as it would be, without a shell.
"""

import re
import shlex

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named

SAMPLES = ROOT / "Samples/updaters/flightctl"
MINUTE = 60_000
pytestmark = pytest.mark.updaters


def hooks(name):
    """The commands of a file of hooks, in their order, and the time-outs in it."""
    text = (SAMPLES / f"{name}.yaml").read_text()
    commands = re.findall(r"^- run: (/.+)$", text, re.MULTILINE)
    timeouts = re.findall(r"^  timeout: (\d+[smh])$", text, re.MULTILINE)
    return [shlex.split(command) for command in commands], timeouts


@pytest.fixture
def restart(device):
    """Runs the hooks before a restart. Returns the last of them, which waits."""

    def restart():
        *before, last = hooks("beforerebooting")[0]
        for command in before:
            device.run(*command)
        return device.start(*last)

    return restart


def test_the_restart_waits_longer_than_the_default_of_10_s_and_its_end_is_told(
    daemon, device, restart
):
    camera = daemon.component(CAMERA)
    program = restart()
    assert hooks("beforerebooting")[1] == ["1h"]
    assert 49 * MINUTE < camera.notice()["deadlineInMs"] <= 50 * MINUTE
    camera.defer(named("flightctl"), MINUTE, message="recording")
    program.error_line("recording")
    camera.acknowledge(named("flightctl"))
    assert program.end()[0] == 0
    [command] = hooks("afterrebooting")[0]
    device.run(*command)
    assert camera.post()["outcome"] == "applied"


def test_a_cancelled_restart_fails_the_hook(daemon, coordinator, restart):
    camera = daemon.component(CAMERA)
    program = restart()
    camera.notice()
    coordinator.cancel(named("flightctl"), reason="not today")
    assert program.end()[0] == 76


def test_a_restart_after_one_that_did_not_come_is_announced_again(daemon, restart):
    camera = daemon.component(CAMERA)
    first = restart()
    camera.notice()
    camera.acknowledge(named("flightctl"))
    assert first.end()[0] == 0
    second = restart()
    assert camera.post()["outcome"] == "failed"
    camera.notice()
    camera.defer(named("flightctl"), MINUTE, message="recording")
    second.error_line("recording")
