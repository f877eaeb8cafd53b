# SPDX-License-Identifier: Apache-2.0
"""What outlives the daemon's process: kill -9 at each of its system calls, a reboot.

What is to be recalled is a matter of the broker's own tests and of its simulation. Here real
files are written, by a real process.
"""

import fcntl
import json
import os
import pathlib
import time

import pytest
from daemon import Daemon, temporary_directory
from expect import CAMERA, HOUR, ROBOT, history
from files import frames, reboot
from protocol import HungUp

# More than the story has; a daemon that lives through it was to be killed beyond its last call.
CALLS = 48
STAGES = ["nothing", "waiting", "deferred", "released", "ended"]


def story(daemon):
    """An update from its beginning to its end: what a peer has been told, one after another."""
    camera, coordinator = daemon.component(), daemon.coordinator()
    gate = coordinator.gate("d", reason="r")
    yield "waiting"
    camera.notice()
    camera.defer("d", HOUR)
    yield "deferred"
    camera.acknowledge("d")
    gate.released()
    yield "released"
    coordinator.complete("d")
    yield "ended"


def live(daemon):
    """What the daemon had told when it was killed."""
    told = "nothing"
    try:
        for told in story(daemon):
            pass
    except (HungUp, OSError):
        assert daemon.process.wait(10) == -9, daemon.log.read_text()
    return told


def recalled(daemon):
    status = daemon.coordinator().status()
    if not status["updates"]:
        return "ended" if history(daemon) else "nothing"
    (update,) = status["updates"]
    states = {one["state"] for one in update["participants"]}
    return "deferred" if states == {"deferred"} else update["state"]


def deaths(interposer, **more):
    """Environments of daemons that are killed at the first call, the second, ..."""
    for number in range(1, CALLS + 1):
        yield {"LD_PRELOAD": interposer, "INTERPOSE_KILL_AT": str(number)} | more


@pytest.mark.parametrize("half", ["before the call", "in its middle"])
def test_what_a_peer_was_told_outlives_a_kill_at_any_call(interposer, half):
    more = {"INTERPOSE_KILL_HALF": "1"} if half == "in its middle" else {}
    for environment in deaths(interposer, **more):
        with temporary_directory() as directory:
            first = Daemon(directory, environment=environment, may_die=True)
            told = live(first)
            has_died = first.process.poll() is not None
            first.kill()
            second = Daemon(directory)
            try:
                found = recalled(second)
            finally:
                second.stop()
        # It may have been killed when it had written what comes next, and before it told it.
        number = environment["INTERPOSE_KILL_AT"]
        assert STAGES.index(found) - STAGES.index(told) in (0, 1), (number, told, found)
    assert not has_died, "there are more calls than are tried"


def test_a_kill_at_any_call_of_a_start_forgets_nothing(start, directory, interposer):
    first = start()
    camera = first.component()
    first.coordinator().gate("d")
    camera.notice()
    camera.defer("d", HOUR)
    first.kill()
    for environment in deaths(interposer):
        daemon = Daemon(directory, environment=environment, may_die=True)
        has_died = daemon.process.poll() is not None
        daemon.kill()
        if not has_died:
            break
    assert recalled(start()) == "deferred"


def test_a_deferral_and_its_reason_outlive_a_death_and_a_component_goes_on(start):
    first = start()
    camera, robot = first.component(), first.component(ROBOT)
    gate = first.coordinator().gate("d", reason="r")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    before = gate.shows(CAMERA, "deferred")
    # An answer before that could be shown together with it.
    robot.acknowledge("d")
    gate.shows(ROBOT, "acknowledged")
    first.kill()

    second = start()
    gate = second.coordinator().gate("d", reason="r")
    assert gate.response["attached"]
    camera = second.component()
    after = gate.shows(CAMERA, "deferred")
    assert after["message"] == "recording"
    assert 0 <= before["untilMs"] - after["untilMs"] < 10_000
    robot = second.component(ROBOT)
    robot.notice()
    robot.acknowledge("d")
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_a_hundred_deferrals_write_nothing_to_the_state_directory(daemon, coordinator):
    """Flash wears out."""
    state = daemon.state_directory / "state"
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    for _ in range(100):
        camera.defer("d", HOUR)
    assert not state.exists()
    camera.acknowledge("d")
    gate.released()
    released = state.stat()
    coordinator.complete("d")
    assert state.stat().st_ino == released.st_ino, "it grows, and is not replaced"
    assert state.stat().st_size < released.st_size + 1_000


def test_the_journal_is_replaced_before_it_is_large(daemon, coordinator):
    journal = daemon.directory / "journal"
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    for _ in range(1_000):
        camera.defer("d", HOUR, message="recording " * 20)
        assert journal.stat().st_size <= 256 * 1024
    assert len(list(frames(journal))) < 500
    camera.acknowledge("d")
    gate.released()


def test_a_thousand_components_are_recalled_in_no_time(start):
    first = start()
    components = [first.component(f"com.example.Component{number}") for number in range(1_000)]
    coordinator = first.coordinator()
    coordinator.connection.request("reprieve#GateUpdate", {"deploymentId": "d"})
    for component in components:
        component.notice()
        component.defer("d", HOUR)
    first.kill()
    second = start()
    # On the processor: a busy machine takes longer.
    took = int(pathlib.Path(f"/proc/{second.process.pid}/schedstat").read_text().split()[0])
    (update,) = second.coordinator().status()["updates"]
    assert [one["state"] for one in update["participants"]] == ["deferred"] * 1_000
    assert took < 1_000_000_000, "generous, for a debug build"


def test_the_history_says_after_a_reboot_why_it_went_ahead(start, processes):
    first = start()
    camera = first.component()
    first.component(ROBOT)
    coordinator = first.coordinator()
    gate = coordinator.gate("d", reason="2.13.0", policy={"responseTimeoutMs": 300})
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    gate.shows(ROBOT, "silent")
    coordinator.force("d", "a hole is being used")
    gate.released()
    reboot(first)

    second = start()
    second.coordinator().complete("d")
    (decision,) = history(second)
    assert decision["deploymentId"] == "d" and decision["reason"] == "2.13.0"
    assert decision["basis"] == "forced" and decision["outcome"] == "applied"
    assert decision["forced"]["reason"] == "a hole is being used"
    assert "uid" in decision["forced"]["by"]
    assert abs(decision["releasedAtMs"] / 1000 - time.time()) < 60
    camera, robot = decision["participants"]
    assert (camera["component"], camera["state"]) == (CAMERA, "overridden")
    assert (camera["deferrals"], camera["message"]) == (1, "recording")
    assert (robot["component"], robot["state"]) == (ROBOT, "silent")

    code, output, _ = processes.reprieve(second, "history").end()
    text = "\n".join(output)
    assert code == 0
    force = "forced by root (uid"
    for words in ["update d", force, "a hole is being used", "recording", "applied"]:
        assert words in text, text
    code, output, _ = processes.reprieve(second, "history", "d", "--json").end()
    assert json.loads(output[0])["decisions"] == [decision]
    code, output, _ = processes.reprieve(second, "history", "other").end()
    assert (code, output) == (0, ["the history is empty for update other"])


# Another time namespace


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a time namespace")
@pytest.mark.parametrize("is_ahead", [True, False])
def test_a_journal_of_another_time_namespace_gives_no_more_time(start, directory, is_ahead):
    """As a container has one: the boot is the same, and the clock is another."""
    ahead = ["unshare", "--time", "--boottime", "1000000", "--fork", "--kill-child"]
    first = start(wrapper=ahead if is_ahead else [])
    camera = first.component()
    gate = first.coordinator().gate("d", {"deadlineMs": 60_000})
    camera.notice()
    camera.defer("d", 50_000)
    gate.shows("com.example.Camera", "deferred")
    first.kill()
    lock_is_free(directory)
    second = start(wrapper=[] if is_ahead else ahead)
    for update in second.coordinator().status()["updates"]:
        assert update["deadlineInMs"] <= 60_000 and update["ageMs"] <= 60_000, update
        for participant in update["participants"]:
            assert participant.get("untilMs", 0) <= 60_000, participant
    second.kill()
    lock_is_free(directory)


def lock_is_free(directory):
    """Waits until the daemon is gone, whose parent alone is known here."""
    with open(f"{directory}/lock", "rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
