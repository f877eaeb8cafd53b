# SPDX-License-Identifier: Apache-2.0
"""Real disks that are full, read-only, or have room again."""

import os
import pathlib

import pytest
from files import frames, reboot
from mounts import Mounts, fill
from test_crash import history
from test_files import complaints, defer, until_written_again, waits_for_camera, works

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")
pytestmark = [needs_root]


@pytest.fixture
def mounts(directory):
    # After the directory and before the daemons: pytest takes them away the other way round.
    with Mounts() as mounts:
        yield mounts


@pytest.fixture
def state_disk(mounts, directory):
    """A small disk for the state directory, and nothing else."""
    return mounts.tmpfs(pathlib.Path(directory) / "state", "size=64k")


@pytest.fixture
def run_disk(mounts, directory):
    """A small disk for the runtime directory; the log is elsewhere."""
    return mounts.tmpfs(pathlib.Path(directory) / "run", "size=64k")


@pytest.fixture
def start_there(run_disk, directory, start):
    """Starts daemons that keep their journal on the small disk."""
    sockets = [f"--{name}-socket={directory}/{file}.socket" for name, file in SOCKETS]
    return lambda: start("--runtime-directory", run_disk, *sockets)


SOCKETS = [("component", "ipc"), ("control", "control")]


def test_a_full_state_disk_is_named_once_and_no_gate_stays_shut(state_disk, start):
    daemon = start()
    fill(state_disk)
    for id in "one", "two", "three":
        works(daemon, id)
    (line,) = complaints(daemon, "No space left on device")
    assert f"{state_disk}/state" in line
    assert [one["deploymentId"] for one in history(daemon)] == ["three", "two", "one"]
    assert sorted(os.listdir(state_disk)) == ["ballast", "lock"], "half a file is left to nobody"


@pytest.mark.slow
def test_what_a_full_state_disk_had_no_room_for_is_there_in_the_next_boot(state_disk, start):
    first = start()
    works(first, "before")
    ballast = fill(state_disk)
    # What was there stays, however often there is no room for more.
    content = (state_disk / "state").read_bytes()
    for number in range(30):
        works(first, f"full-{number}")
    assert (state_disk / "state").read_bytes().startswith(content)
    first.coordinator().gate("released", components=["com.example.Nobody"]).released()
    ballast.unlink()
    until_written_again(first, state_disk / "state")
    assert len(complaints(first, "is written again")) == 1
    assert len(complaints(first, "No space left on device")) == 1
    assert sorted(os.listdir(state_disk)) == ["lock", "state"]
    reboot(first)
    second = start()
    (update,) = second.coordinator().status()["updates"]
    assert (update["deploymentId"], update["state"]) == ("released", "released")
    assert {"before", "full-0", "full-29", "released"} <= {
        one["deploymentId"] for one in history(second)
    }


@pytest.mark.parametrize("place", ["state", "run"])
def test_an_orderly_end_is_one_more_chance(state_disk, run_disk, start_there, place):
    first = start_there()
    disk = state_disk if place == "state" else run_disk
    ballast = fill(disk)
    defer(first)
    first.coordinator().gate("released", components=["com.example.Nobody"]).released()
    ballast.unlink()
    first.stop()
    if place == "state":
        reboot(first)
        (run_disk / "journal").unlink()
    updates = {one["deploymentId"] for one in start_there().coordinator().status()["updates"]}
    assert updates == ({"released"} if place == "state" else {"d", "released"})


def test_a_state_disk_without_room_for_a_file_is_named_once(mounts, directory, start):
    state = mounts.tmpfs(pathlib.Path(directory) / "state", "nr_inodes=1")
    daemon = start()
    works(daemon)
    (line,) = complaints(daemon, "No space left on device")
    assert f"{state}/" in line


def test_a_full_runtime_disk_is_named_once_and_no_gate_stays_shut(run_disk, start_there):
    daemon = start_there()
    fill(run_disk)
    for id in "one", "two", "three":
        works(daemon, id)
    (line,) = complaints(daemon, "No space left on device")
    assert f"{run_disk}/journal" in line


@pytest.mark.slow
def test_a_runtime_disk_that_has_room_again_is_used_again(run_disk, start_there):
    first = start_there()
    ballast = fill(run_disk)
    defer(first)
    assert not (run_disk / "journal").exists()
    ballast.unlink()
    until_written_again(first, run_disk / "journal")
    assert len(complaints(first, "is written again")) == 1
    first.kill()
    assert waits_for_camera(start_there())


def test_a_deferral_outlives_a_death_on_a_disk_that_has_become_full(run_disk, start_there):
    first = start_there()
    camera, _ = defer(first)
    fill(run_disk)
    for _ in range(200):
        camera.defer("d", 3_600_000, message="recording " * 20)
    assert len(complaints(first, "No space left on device")) == 1
    first.kill()
    second = start_there()
    assert waits_for_camera(second)
    assert not complaints(second, "damaged")


@pytest.mark.slow
def test_a_state_disk_that_becomes_read_only_is_named_once_until_it_can_be_written(
    mounts, state_disk, start
):
    daemon = start()
    mounts.change(state_disk, "ro")
    for id in "one", "two":
        works(daemon, id)
    (line,) = complaints(daemon, "Read-only file system")
    assert f"{state_disk}/state" in line
    mounts.change(state_disk, "rw")
    until_written_again(daemon, state_disk / "state")
    assert [headers for headers, _ in frames(state_disk / "state") if "decision" in headers]


def test_a_state_disk_that_is_read_only_from_the_start_is_read(mounts, state_disk, start):
    first = start()
    works(first, "known")
    first.coordinator().gate("released", components=["com.example.Nobody"]).released()
    reboot(first)
    mounts.change(state_disk, "ro")
    second = start()
    assert [one["deploymentId"] for one in history(second)] == ["released", "known"]
    second.coordinator().complete("released")
    assert len(complaints(second, "Read-only file system")) == 1


def test_an_empty_state_disk_that_is_read_only_is_named_once(mounts, state_disk, start):
    mounts.change(state_disk, "ro")
    daemon = start()
    (line,) = complaints(daemon, "Read-only file system")
    assert f"{state_disk}/" in line
    works(daemon)
    assert complaints(daemon, "Read-only file system") == [line]
