# SPDX-License-Identifier: Apache-2.0
"""What outlives the daemon: kill -9, a reboot, an orderly restart."""

import fcntl
import json
import os
import time

import pytest
from files import frames, reboot
from protocol import Failed
from test_gate import CAMERA, HOUR

ROBOT = "com.example.Robot"


def test_a_killed_daemon_forgets_no_deferral(start):
    first = start()
    camera, robot = first.component(), first.component(ROBOT)
    gate = first.coordinator().gate("d", reason="r")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    robot.acknowledge("d")
    before = gate.shows(CAMERA, "deferred")
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


def test_a_gate_that_waits_is_not_let_through_before_its_components_are_back(start, processes):
    first = start()
    camera = first.component()
    gate = processes.reprieve(first, "gate", "--deployment-id", "d", "--", "echo", "done")
    camera.notice()
    camera.defer("d", HOUR)
    first.kill()
    gate.error_line("trying again")
    second = start()
    gate.error_line("joined")
    camera = second.component()
    assert camera.connection.is_quiet(0.3), "its deferral runs, so it is not asked"
    assert second.coordinator().status()["updates"][0]["state"] == "waiting"
    camera.acknowledge("d")
    assert gate.end()[:2] == (0, ["done"])
    assert camera.post()["outcome"] == "applied"


def test_a_released_gate_stays_open(start):
    first = start()
    first.coordinator().gate("d", reason="r").released()
    first.kill()
    second = start()
    late = second.component()
    gate = second.coordinator().gate("d", reason="r")
    assert gate.released()["basis"] == "consent"
    assert late.connection.is_quiet(0.2)
    second.coordinator().complete("d")
    second.kill()
    third = start()
    assert third.coordinator().complete("d") == {}, "saying it again succeeds"
    assert third.coordinator().status()["updates"] == []


def test_an_update_is_completed_in_the_next_boot(start):
    first = start()
    camera = first.component()
    gate = first.coordinator().gate("d", reason="r")
    camera.notice()
    camera.defer("d", 300, message="recording")
    camera.notice()
    camera.acknowledge("d")
    gate.released()
    reboot(first)

    second = start()
    (update,) = second.coordinator().status()["updates"]
    assert (update["deploymentId"], update["state"]) == ("d", "released")
    camera = second.component()
    second.coordinator().complete("d", "rolledBack", message="it did not start")
    assert camera.post()["outcome"] == "rolledBack"


def test_a_post_is_owed_also_after_a_reboot_and_sent_once(start):
    first = start()
    camera = first.component()
    coordinator = first.coordinator()
    gate = coordinator.gate("d")
    camera.notice()
    camera.connection.close()
    gate.shows(CAMERA, "away")
    coordinator.cancel("d", "wrong version")
    reboot(first)
    second = start()
    camera = second.component()
    assert camera.post()["message"] == "wrong version"
    second.stop()
    assert start().component().connection.is_quiet(0.2)


def test_an_update_that_only_waited_ends_with_its_boot(start):
    first = start()
    camera = first.component()
    first.coordinator().gate("d")
    camera.notice()
    reboot(first)
    second = start()
    assert second.coordinator().status()["updates"] == []
    assert second.component().connection.is_quiet(0.2)


def test_a_journal_of_another_boot_is_void_and_says_so(start):
    from files import change_headers

    first = start()
    first.component()
    first.coordinator().gate("d")
    first.kill()
    change_headers(first.directory / "journal", boot="another")
    second = start()
    assert second.coordinator().status()["updates"] == []
    assert f"{first.directory}/journal: it was written in another boot" in first.log.read_text()


def test_nothing_is_written_while_no_update_waits(daemon):
    camera = daemon.component()
    camera.connection.call("UpdateState", {"state": "RUNNING"})
    camera.connection.close()
    daemon.coordinator().status()
    assert not (daemon.directory / "journal").exists()
    assert not (daemon.state_directory / "state").exists()


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
    assert state.stat().st_ino == released.st_ino, "it grows, and is not written anew"
    assert state.stat().st_size < released.st_size + 1_000


def test_the_journal_is_written_anew_before_it_is_large(daemon, coordinator):
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


def test_a_thousand_components_are_remembered_in_no_time(start):
    first = start()
    components = [first.component(f"com.example.Component{number}") for number in range(1_000)]
    coordinator = first.coordinator()
    coordinator.connection.request("reprieve#GateUpdate", {"deploymentId": "d"})
    for component in components:
        component.notice()
        component.defer("d", HOUR)
    first.kill()
    before = time.monotonic()
    second = start()
    took = time.monotonic() - before
    (update,) = second.coordinator().status()["updates"]
    assert {one["state"] for one in update["participants"]} == {"deferred"}
    assert len(update["participants"]) == 1_000
    assert took < 1, "generous, for a busy machine and a debug build"


# The history


def history(daemon, **request):
    return daemon.coordinator().connection.call("reprieve#GetHistory", request)["decisions"]


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
    assert "uid 0, pid" in decision["forced"]["by"] or "uid" in decision["forced"]["by"]
    assert abs(decision["releasedAtMs"] / 1000 - time.time()) < 60
    camera, robot = decision["participants"]
    assert (camera["component"], camera["state"]) == (CAMERA, "overridden")
    assert (camera["deferrals"], camera["message"]) == (1, "recording")
    assert (robot["component"], robot["state"]) == (ROBOT, "silent")

    code, output, _ = processes.reprieve(second, "history").end()
    text = "\n".join(output)
    assert code == 0
    for words in ["update d", "forced by uid", "a hole is being used", "recording", "applied"]:
        assert words in text, text
    code, output, _ = processes.reprieve(second, "history", "d", "--json").end()
    assert json.loads(output[0])["decisions"] == [decision]
    code, output, _ = processes.reprieve(second, "history", "other").end()
    assert (code, output) == (0, ["the history is empty for update other"])


def test_the_history_is_newest_first_and_can_be_limited(daemon, coordinator):
    for number in range(3):
        coordinator.gate(f"d{number}").released()
    coordinator.complete("d1")
    assert [one["deploymentId"] for one in history(daemon)] == ["d2", "d1", "d0"]
    assert [one["deploymentId"] for one in history(daemon, limit=1)] == ["d2"]
    with pytest.raises(Failed):
        history(daemon, limit=-1)


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
