# SPDX-License-Identifier: Apache-2.0
"""The systemd units in Samples/updaters are ones that systemd takes, and run what they should."""

import shlex

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named

SAMPLES = ROOT / "Samples/updaters"
UNITS = [
    "apt/reboot-required.path",
    "apt/reboot-required.service",
    "rauc/rauc-reboot.service",
    "rauc/reprieve-rauc.service",
]
pytestmark = pytest.mark.updaters


@pytest.fixture
def units(device):
    for unit in UNITS:
        device.install(SAMPLES / unit, "/etc/systemd/system/" + unit.split("/")[1])
    # What they stand on.
    for name in ["reprieved", "rauc-mark-good", "ggl.core.ggdeploymentd"]:
        unit = "[Service]\nType=oneshot\nExecStart=/bin/true\n"
        device.write(f"/etc/systemd/system/{name}.service", unit)
    device.install(
        SAMPLES / "greengrass-lite/reprieve.conf",
        "/etc/systemd/system/ggl.core.ggdeploymentd.service.d/reprieve.conf",
    )
    device.install(SAMPLES / "rauc/rauc-update", "/usr/local/bin/rauc-update", 0o755)
    device.install(SAMPLES / "rauc/rauc-complete", "/usr/local/lib/reprieve/rauc-complete", 0o755)


@pytest.mark.parametrize("unit", [*UNITS, "greengrass-lite/ggl.core.ggdeploymentd.service"])
def test_systemd_takes_the_unit(device, units, unit):
    path = "/etc/systemd/system/" + unit.split("/")[1]
    program = device.start("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path)
    code, lines, errors = program.end(30)
    assert (code, lines, errors) == (0, [], [])


def test_a_restart_that_packages_need_waits(daemon, device):
    text = (SAMPLES / "apt/reboot-required.service").read_text().replace("\\\n", "")
    (command,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    camera = daemon.component(CAMERA)
    program = device.start(*shlex.split(command.removeprefix("ExecStart=")))
    assert camera.notice()["reason"] == "reboot-required: packages need a restart"
    assert device.systemctl == []
    camera.acknowledge(named("reboot-required"))
    assert program.end()[0] == 0
    assert device.systemctl == ["reboot"]
