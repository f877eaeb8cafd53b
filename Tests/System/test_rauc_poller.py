# SPDX-License-Identifier: Apache-2.0
"""RAUC's poller starts the restart and goes on: polling.conf and rauc-reboot.service.

RAUC 1.16, which polls, is not in Debian 12: its `reboot-cmd` is run as RAUC does, without a shell.
"""

import configparser
import shlex
import subprocess

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named
from rig import IMAGE, Guest, needs_systemd

SAMPLES = ROOT / "Samples/updaters/rauc"
UPDATE = named("rauc-B")
RAUC = '#!/bin/sh\n[ "$*" = "status --output-format=shell" ] || exit 1\necho RAUC_BOOT_PRIMARY=B\n'
pytestmark = pytest.mark.updaters


def read(name):
    # As systemd and GLib have it: the case of a key matters, and a line can go on.
    file = configparser.RawConfigParser(strict=True)
    file.optionxform = str
    file.read_string((SAMPLES / name).read_text().replace("\\\n", ""))
    return file


def reboot():
    return shlex.split(read("polling.conf")["polling"]["reboot-cmd"])


@pytest.fixture
def unit(device):
    """What the poller starts, by its name."""
    device.run(*reboot())
    [started] = device.systemctl
    (device.root / "run/device/systemctl").unlink()
    *options, name = started.split()
    assert options == ["start", "--no-block"], "RAUC would wait for the end of the command"
    device.install(SAMPLES / "rauc-update", "/usr/local/bin/rauc-update", 0o755)
    device.write("/usr/local/bin/rauc", RAUC, 0o755)
    return read(name)


def test_the_restart_into_what_the_poller_installed_waits(daemon, device, unit):
    camera = daemon.component(CAMERA)
    program = device.start(*shlex.split(unit["Service"]["ExecStart"]))
    assert camera.notice()["reason"] == "rauc-B: a new system is installed"
    camera.defer(UPDATE, 60_000, message="recording")
    program.error_line("recording")
    assert device.systemctl == []
    camera.acknowledge(UPDATE)
    assert program.end()[0] == 0
    assert device.systemctl == ["reboot"]


def test_a_cancelled_restart_is_announced_again(daemon, device, unit, coordinator):
    camera = daemon.component(CAMERA)
    program = device.start(*shlex.split(unit["Service"]["ExecStart"]))
    camera.notice()
    coordinator.cancel(UPDATE, reason="not today")
    assert program.end()[0] == 76
    # The poller has stopped, so nothing else would announce it.
    assert unit["Service"]["Restart"] == "on-failure"
    assert unit["Service"]["RestartSec"] == "1h"


@needs_systemd
@pytest.mark.systemd
def test_the_poller_goes_on_while_the_restart_waits(tmp_path):
    files = {
        SAMPLES / "rauc-update": "/usr/local/bin/rauc-update",
        SAMPLES / "rauc-reboot.service": "/etc/systemd/system/rauc-reboot.service",
    }
    prepare = [*IMAGE, "chmod +x $ROOT/usr/local/bin/rauc*"]
    texts = {"/usr/local/bin/rauc": RAUC}
    with Guest(tmp_path / "out", files=files, texts=texts, prepare=prepare) as guest:
        command = ["reprieve", "hold", "--why", "recording", "--", "cat"]
        camera = guest.start(*command, unit="camera", stdin=subprocess.PIPE)
        guest.wait_for("camera", "reprieve", "status")
        guest.run(*reboot())
        guest.wait_for("recording", "reprieve", "status")
        state = guest.run("systemctl", "show", "--property=ActiveState", "rauc-reboot")
        assert state == "ActiveState=activating\n"
        camera.process.stdin.close()
        assert guest.wait() == "reboot"
