# SPDX-License-Identifier: Apache-2.0
"""How often peers wait for the disk: the syncs between the last answer and the release."""

import time

import pytest
from expect import CAMERA, ROBOT, works
from protocol import APPLICATION_MESSAGE, message

SYNC_TIME = 0.2


class Calls:
    """What the daemon writes, sends and syncs."""

    def __init__(self, path):
        self.path = path

    def since(self, start=0):
        return [line.split()[0] for line in self.path.read_text().splitlines()][start:]

    @property
    def count(self):
        return len(self.since())


def syncs(calls):
    return sum(call in ("fsync", "fdatasync") for call in calls)


@pytest.fixture
def slow(start, interposer, tmp_path):
    """A daemon on a slow disk, whose state file is there already, and its calls."""
    path = tmp_path / "calls"
    daemon = start(
        environment={
            "LD_PRELOAD": interposer,
            "INTERPOSE_LOG": str(path),
            "INTERPOSE_SYNC_TIME": str(int(SYNC_TIME * 1000)),
        }
    )
    works(daemon, "before")
    return daemon, Calls(path)


def both_asked(daemon, id):
    camera, robot = daemon.component(CAMERA), daemon.component(ROBOT)
    gate = daemon.coordinator().gate(id, components=[CAMERA, ROBOT])
    camera.notice()
    robot.notice()
    return camera, robot, gate


def test_no_answer_but_the_last_waits_for_the_disk(slow):
    daemon, calls = slow
    camera, robot, _ = both_asked(daemon, "d")
    start = calls.count
    camera.defer("d", 60_000)
    camera.acknowledge("d")
    assert syncs(calls.since(start)) == 0


def test_a_release_waits_for_one_sync_and_nobody_waits_again(slow):
    daemon, calls = slow
    camera, robot, gate = both_asked(daemon, "d")
    camera.acknowledge("d")
    gate.shows(CAMERA, "acknowledged")
    start = calls.count
    began = time.monotonic()
    robot.acknowledge("d")
    gate.released()
    waited = time.monotonic() - began
    made = calls.since(start)
    assert syncs(made) == 1
    assert syncs(made[: made.index("send")]) == 1, "nothing leaves before the disk has it"
    assert waited >= SYNC_TIME


def test_the_last_answers_to_two_updates_that_arrive_together_wait_for_one_sync(slow):
    daemon, calls = slow
    camera = daemon.component(CAMERA)
    gates = {}
    for id in ("d-1", "d-2"):
        gates[id] = daemon.coordinator().gate(id, components=[CAMERA], exclusive=False)
        camera.notice()
    answers = [
        message(
            APPLICATION_MESSAGE, 0, stream, {"deploymentId": id, "recheckAfterMs": 0},
            operation="aws.greengrass#DeferComponentUpdate",
        )
        for stream, id in enumerate(gates, start=100)
    ]
    start = calls.count
    camera.connection.send(b"".join(answers))
    for gate in gates.values():
        gate.released()
    assert syncs(calls.since(start)) == 1


def test_the_end_of_an_update_waits_for_one_sync(slow):
    daemon, calls = slow
    camera = daemon.component(CAMERA)
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d", components=[CAMERA])
    camera.notice()
    camera.acknowledge("d")
    gate.released()
    start = calls.count
    coordinator.complete("d")
    camera.post()
    assert syncs(calls.since(start)) == 1
