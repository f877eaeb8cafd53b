# SPDX-License-Identifier: Apache-2.0
"""The drop-in for Greengrass Lite's deployment daemon: Samples/updaters/greengrass-lite.

Lite is not in Debian 12. What its daemon runs, by system(3), is run with the drop-in's PATH.
"""

import pytest
from daemon import ROOT
from expect import CAMERA, ROBOT
from protocol import named

SAMPLES = ROOT / "Samples/updaters/greengrass-lite"
pytestmark = pytest.mark.updaters


def setting(key):
    """What the drop-in sets a key to."""
    lines = (SAMPLES / "reprieve.conf").read_text().splitlines()
    (value,) = [line.removeprefix(f"{key}=") for line in lines if line.startswith(f"{key}=")]
    return value


@pytest.fixture
def lite(device):
    """Starts a command as the deployment daemon does."""
    device.install(SAMPLES / "systemctl", "/usr/local/lib/reprieve/ggl/systemctl", 0o755)
    path = setting("Environment").removeprefix("PATH=")
    return lambda command: device.start("sh", "-c", command, PATH=path)


def test_everyone_is_asked_about_a_restart_of_the_device(daemon, device, lite):
    components = [daemon.component(name) for name in (CAMERA, ROBOT)]
    program = lite("systemctl reboot")
    for component in components:
        assert component.notice()["isGgcRestarting"]
        assert device.systemctl == []
        component.acknowledge(named("greengrass-reboot"))
    assert program.end()[0] == 0
    assert device.systemctl == ["reboot"]
    # The daemon's start in the next boot.
    assert setting("ExecStartPost").startswith("-/usr/bin/reprieve ")
    device.run(*setting("ExecStartPost").removeprefix("-").split())
    for component in components:
        assert component.post()["outcome"] == "applied"


COMMANDS = [
    "daemon-reload",
    "reset-failed",
    "start greengrass-lite.target",
    f"start --no-block ggl.{CAMERA}.install.service",
    f"stop ggl.{CAMERA}.install.service",
    f"stop ggl.{CAMERA}.bootstrap.service",
    f"disable ggl.{CAMERA}.service",
    f"stop ggl.{CAMERA}.service",
]


def test_everything_else_goes_through_as_it_is(daemon, device, lite):
    camera = daemon.component(CAMERA)
    for command in COMMANDS:
        assert lite(f"systemctl {command}").end()[0] == 0
    assert device.systemctl == COMMANDS
    assert daemon.coordinator().connection.call("reprieve#GetHistory")["decisions"] == []
    assert camera.connection.is_quiet(0.1)


def test_where_there_is_no_broker_nothing_waits(daemon, device, lite):
    daemon.stop()
    assert lite("systemctl reboot").end()[0] == 0
    assert device.systemctl == ["reboot"]
