# SPDX-License-Identifier: Apache-2.0
"""Names and expectations that several suites share."""

import pytest
from protocol import Failed

CAMERA = "com.example.Camera"
ROBOT = "com.example.Robot"
HOUR = 3_600_000


def refused(call, model, *words):
    """Expects an error of a kind, with a message that has these words."""
    with pytest.raises(Failed) as failed:
        call()
    assert failed.value.model == model
    for word in words:
        assert word in failed.value.message


def works(daemon, id="works"):
    """An update goes through."""
    robot = daemon.component(ROBOT)
    coordinator = daemon.coordinator()
    gate = coordinator.gate(id, components=[ROBOT])
    robot.notice()
    robot.acknowledge(id)
    assert gate.released()["basis"] == "consent"
    coordinator.complete(id)
    assert robot.post()["outcome"] == "applied"


def defer(daemon, id="d"):
    """A camera that has deferred, and the gate that waits for it."""
    camera = daemon.component()
    gate = daemon.coordinator().gate(id, components=[CAMERA])
    camera.notice()
    camera.defer(id, HOUR, message="recording")
    return camera, gate


def waits_for_camera(daemon):
    (update,) = daemon.coordinator().status()["updates"]
    found = [(one["component"], one["state"]) for one in update["participants"]]
    return found == [(CAMERA, "deferred")]


def log_lines(daemon, words):
    # A turn is logged after its answers are sent, and before the next turn begins.
    daemon.coordinator().status()
    return [line for line in daemon.log.read_text().splitlines() if words in line]


def history(daemon, **request):
    return daemon.coordinator().connection.call("reprieve#GetHistory", request)["decisions"]
