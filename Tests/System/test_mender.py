# SPDX-License-Identifier: Apache-2.0
"""The state scripts in Samples/updaters/mender do what Mender documents of state scripts.

Mender itself is not in Debian 12: each script is run as it would be, for its exit code.
"""

import re

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named

SAMPLES = ROOT / "Samples/updaters/mender"
MINUTE = 60_000
RETRY_LATER = 21
pytestmark = pytest.mark.updaters


@pytest.fixture
def script(device):
    """Starts the script of a state."""
    files = {path.name.removesuffix("_00_reprieve"): path for path in SAMPLES.iterdir()}
    for path in files.values():
        device.install(path, f"/data/scripts/{path.name}", 0o755)
    return lambda state: device.start(f"/data/scripts/{files[state].name}")


def test_the_files_have_names_that_mender_looks_for():
    states = "ArtifactReboot|ArtifactRollbackReboot|ArtifactCommit|ArtifactFailure"
    for path in SAMPLES.iterdir():
        assert re.fullmatch(rf"({states})_(Enter|Leave|Error)_[0-9]{{2}}(_\S+)?", path.name)


def announced(daemon, script):
    """A camera, and the script that waits for it."""
    camera = daemon.component(CAMERA)
    program = script("ArtifactReboot_Enter")
    notice = camera.notice()
    assert notice["isGgcRestarting"]
    # Mender ends a script after an hour, and the update with it.
    assert 49 * MINUTE < notice["deadlineInMs"] <= 50 * MINUTE
    return camera, program


def released(daemon, script):
    camera, program = announced(daemon, script)
    camera.defer(named("mender"), MINUTE, message="recording")
    program.error_line("recording")
    camera.acknowledge(named("mender"))
    assert program.end()[0] == 0
    return camera


def test_the_restart_waits_and_the_commit_is_told(daemon, script):
    camera = released(daemon, script)
    assert script("ArtifactCommit_Leave").end()[0] == 0
    assert camera.post()["outcome"] == "applied"


def test_a_rollback_is_told_once(daemon, script):
    camera = released(daemon, script)
    assert script("ArtifactRollbackReboot_Leave").end()[0] == 0
    assert camera.post()["outcome"] == "rolledBack"
    assert script("ArtifactFailure_Leave").end()[0] == 0
    # Had the failure been told, too, that would come before the next notice.
    program = script("ArtifactReboot_Enter")
    camera.notice()
    camera.acknowledge(named("mender"))
    assert program.end()[0] == 0


def test_a_failure_without_a_rollback_is_told(daemon, script):
    camera = released(daemon, script)
    assert script("ArtifactFailure_Leave").end()[0] == 0
    assert camera.post()["outcome"] == "failed"


def test_a_cancelled_update_fails_and_is_not_tried_again(daemon, script):
    camera, program = announced(daemon, script)
    camera.defer(named("mender"), MINUTE)
    daemon.coordinator().cancel(named("mender"))
    assert program.end()[0] not in (0, RETRY_LATER)
    assert camera.post()["outcome"] == "cancelled"
    assert script("ArtifactFailure_Leave").end()[0] == 0


def test_what_is_refused_is_tried_again_later(daemon, script):
    daemon.component(CAMERA)
    daemon.coordinator().gate(named("mender"), reason="another one")
    assert script("ArtifactReboot_Enter").end()[0] == RETRY_LATER


def test_without_a_broker_it_is_tried_again_later_and_the_ends_are_no_errors(daemon, script):
    daemon.stop()
    assert script("ArtifactReboot_Enter").end()[0] == RETRY_LATER
    for end in ["ArtifactCommit_Leave", "ArtifactRollbackReboot_Leave", "ArtifactFailure_Leave"]:
        assert script(end).end(30)[0] == 0
