# SPDX-License-Identifier: Apache-2.0
"""Health checks vote on an application's update: Samples/updaters/health-vote."""

import pytest
from daemon import ROOT
from expect import CAMERA, history
from protocol import named

SAMPLE = ROOT / "Samples/updaters/health-vote/app-update"
CHECKS = "/etc/greenboot/check/required.d"
UPDATE = named("app-2")
# It stands for systemd: a version that is marked as broken does not start.
SYSTEMCTL = """#!/bin/sh
echo "$*" "$(readlink /opt/app/current)" >>/run/device/systemctl
[ ! -e /opt/app/current/broken ]
"""
pytestmark = pytest.mark.updaters


@pytest.fixture
def app(device):
    device.install(SAMPLE, "/usr/local/bin/app-update", 0o755)
    device.write("/usr/local/bin/systemctl", SYSTEMCTL, 0o755)
    for version in "12":
        device.write(f"/opt/app/{version}/version", version)
    (device.root / "opt/app/current").symlink_to("1")
    device.write(f"{CHECKS}/10-port.sh", "#!/bin/sh\nexit 0\n", 0o755)
    return device


def updated(daemon, app):
    """A camera that has let the application be updated, and the exit code."""
    camera = daemon.component(CAMERA)
    program = app.start("/usr/local/bin/app-update", "2")
    assert camera.notice()["reason"] == "app-2"
    assert app.read("/opt/app/current/version") == "1"
    camera.acknowledge(UPDATE)
    return camera, program.end()[0]


def test_an_application_whose_checks_pass_is_applied(daemon, app):
    camera, code = updated(daemon, app)
    assert (camera.post()["outcome"], code) == ("applied", 0)
    assert app.read("/opt/app/current/version") == "2"
    assert app.systemctl == ["restart app.service 2"]


@pytest.mark.parametrize("check", ["exit 1", "sleep 0.2; kill -9 $$"])
def test_one_check_that_fails_rolls_it_back(daemon, app, check):
    app.write(f"{CHECKS}/20-camera.sh", f"#!/bin/sh\n{check}\n", 0o755)
    camera, code = updated(daemon, app)
    assert (camera.post()["outcome"], code) == ("rolledBack", 1)
    assert app.read("/opt/app/current/version") == "1"
    assert app.systemctl == ["restart app.service 2", "restart app.service 1"]
    assert history(daemon)[0]["message"] == "failed: 20-camera.sh "


def test_an_application_that_does_not_start_is_rolled_back(daemon, app):
    app.write("/opt/app/2/broken", "")
    camera, code = updated(daemon, app)
    assert (camera.post()["outcome"], code) == ("rolledBack", 1)
    assert app.systemctl[-1] == "restart app.service 1"


def test_a_link_that_an_earlier_run_left_is_not_taken_for_the_version(daemon, app):
    (app.root / "opt/app/next").symlink_to("0")
    camera, code = updated(daemon, app)
    assert (camera.post()["outcome"], code) == ("applied", 0)
    assert app.read("/opt/app/current/version") == "2"


def test_a_version_that_is_not_there_is_not_announced(daemon, app):
    app.run("/usr/local/bin/app-update", "3", code=1)
    assert history(daemon) == []


def test_a_cancelled_update_changes_nothing(daemon, app, coordinator):
    camera = daemon.component(CAMERA)
    program = app.start("/usr/local/bin/app-update", "2")
    camera.notice()
    coordinator.cancel(UPDATE, reason="not today")
    assert program.end()[0] == 76
    assert app.read("/opt/app/current/version") == "1"
    assert app.systemctl == []


def test_of_two_updates_at_once_one_is_made(daemon, app):
    app.write(f"{CHECKS}/20-leaves-a-process.sh", "#!/bin/sh\nsleep 5 >&- 2>&- &\n", 0o755)
    camera = daemon.component(CAMERA)
    program = app.start("/usr/local/bin/app-update", "2")
    camera.notice()
    app.run("/usr/local/bin/app-update", "2", code=75)
    camera.acknowledge(UPDATE)
    assert program.end()[0] == 0
    assert app.systemctl == ["restart app.service 2"]
    # What a check has left does not hold the lock.
    again = app.start("/usr/local/bin/app-update", "1")
    assert camera.post()["outcome"] == "applied"
    assert camera.notice()["reason"] == "app-1"
    camera.acknowledge(named("app-1"))
    assert again.end()[0] == 0
