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


def hook(name):
    text = (SAMPLES / f"{name}.yaml").read_text()
    [command] = re.findall(r"^- run: (/.+)$", text, re.MULTILINE)
    return shlex.split(command), re.findall(r"^  timeout: (\d+[smh])$", text, re.MULTILINE)


def test_the_restart_waits_longer_than_the_default_of_10_s_and_its_end_is_told(daemon, device):
    camera = daemon.component(CAMERA)
    command, timeout = hook("beforerebooting")
    program = device.start(*command)
    assert timeout == ["1h"]
    assert 49 * MINUTE < camera.notice()["deadlineInMs"] <= 50 * MINUTE
    camera.defer(named("flightctl"), MINUTE, message="recording")
    program.error_line("recording")
    camera.acknowledge(named("flightctl"))
    assert program.end()[0] == 0
    device.run(*hook("afterrebooting")[0])
    assert camera.post()["outcome"] == "applied"


def test_a_cancelled_restart_fails_the_hook(daemon, coordinator, device):
    camera = daemon.component(CAMERA)
    program = device.start(*hook("beforerebooting")[0])
    camera.notice()
    coordinator.cancel(named("flightctl"), reason="not today")
    assert program.end()[0] == 76
