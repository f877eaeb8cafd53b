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
    "apt/reboot-complete.service",
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


def started(unit):
    """The command that a unit starts, and whether it may fail."""
    text = (SAMPLES / unit).read_text().replace("\\\n", "")
    (command,) = [line for line in text.splitlines() if line.startswith("ExecStart=")]
    command = command.removeprefix("ExecStart=")
    return shlex.split(command.removeprefix("-")), command.startswith("-")


def test_a_restart_that_packages_need_waits_and_is_completed_after_it(daemon, device):
    camera = daemon.component(CAMERA)
    program = device.start(*started("apt/reboot-required.service")[0])
    assert camera.notice()["reason"] == "reboot-required: packages need a restart"
    assert device.systemctl == []
    camera.acknowledge(named("reboot-required"))
    assert program.end()[0] == 0
    assert device.systemctl == ["reboot"]
    # In the next boot.
    complete, may_fail = started("apt/reboot-complete.service")
    device.run(*complete)
    assert camera.post()["outcome"] == "applied"
    assert may_fail, "in most boots there is none to complete"
