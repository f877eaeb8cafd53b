# SPDX-License-Identifier: Apache-2.0
"""The daemon's two files: damaged, of another version, unreadable; on disks that fail."""

import os
import pathlib
import threading

import pytest
from daemon import NOBODY
from expect import HOUR, defer, history, log_lines, waits_for_camera, works
from files import change_headers, reboot
from mounts import Mounts, fill

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small disk")


def release(daemon, id):
    daemon.coordinator().gate(id, components=["com.example.Nobody"], exclusive=False).released()


def until_written_again(daemon, file):
    for _ in range(100):
        if log_lines(daemon, f"{file} is written again"):
            return
        threading.Event().wait(0.1)
    raise AssertionError(daemon.log.read_text())


# What stands in them


def test_a_torn_tail_is_cut_off_and_reported_once(start):
    first = start()
    defer(first)
    first.kill()
    journal = first.directory / "journal"
    size = journal.stat().st_size
    journal.write_bytes(journal.read_bytes() + b"nonsense" * 100)
    second = start()
    assert waits_for_camera(second)
    (line,) = log_lines(second, "damaged")
    assert f"{journal}: 800 of {size + 800} bytes" in line
    second.kill()
    third = start()
    assert waits_for_camera(third)
    assert len(log_lines(third, "damaged")) == 1


@pytest.mark.parametrize("name", ["journal", "state"])
def test_a_file_from_another_version_is_kept(start, name):
    first = start()
    defer(first)
    first.coordinator().force("d")
    first.kill()
    file = (first.directory if name == "journal" else first.state_directory) / name
    change_headers(file, format=99)
    content = file.read_bytes()
    second = start()
    works(second)
    assert log_lines(second, f"{file}: it was written by a later version")
    assert file.with_name(name + ".1").read_bytes() == content
    assert file.read_bytes() != content


def test_a_file_that_was_kept_before_stays_in_a_directory_that_is_not_utf_8(start, directory):
    state = pathlib.Path(directory) / "st\udcff"
    options = "--state-directory", state
    first = start(*options)
    works(first)
    first.stop()
    (state / "state.1").write_bytes(b"kept before")
    change_headers(state / "state", format=99)
    works(start(*options))
    assert (state / "state.1").read_bytes() == b"kept before"
    assert (state / "state.2").exists()


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user, so that modes count")
def test_an_unreadable_state_file_is_named_once_and_negotiations_go_on(start, directory):
    os.chown(directory, NOBODY, NOBODY)
    state = pathlib.Path(directory) / "state"
    state.mkdir(mode=0o700)
    (state / "state").write_bytes(b"somebody's")
    daemon = start(user=NOBODY)
    for id in "one", "two":
        release(daemon, id)
    assert len(log_lines(daemon, f"{state}/state: Permission denied")) == 1
    assert (state / "state").read_bytes() == b"somebody's"


# Disks


@pytest.fixture
def mounts(directory):
    # After the directory and before the daemons: pytest takes them away the other way round.
    with Mounts() as mounts:
        yield mounts


@pytest.fixture
def state_disk(mounts, directory):
    """A small disk for the state directory, and nothing else."""
    return mounts.tmpfs(pathlib.Path(directory) / "state", "size=64k")


@needs_root
def test_a_full_state_disk_is_named_once_and_no_gate_stays_shut(state_disk, start):
    daemon = start()
    fill(state_disk)
    for id in "one", "two", "three":
        works(daemon, id)
    (line,) = log_lines(daemon, "No space left on device")
    assert f"{state_disk}/state" in line
    assert [one["deploymentId"] for one in history(daemon)] == ["three", "two", "one"]
    assert sorted(os.listdir(state_disk)) == ["ballast", "lock"], "half a file is left to nobody"


@needs_root
def test_a_file_of_another_version_is_kept_once_however_long_the_disk_is_full(state_disk, start):
    first = start()
    works(first)
    first.stop()
    file = state_disk / "state"
    change_headers(file, format=99)
    fill(state_disk)
    second = start()
    works(second)
    until_failed(second, "state", times=2)
    assert len(log_lines(second, "is kept as")) == 1
    assert sorted(os.listdir(state_disk)) == ["ballast", "lock", "state.1"]


def until_failed(daemon, file, times):
    connection = daemon.coordinator().connection
    for _ in range(150):
        metrics = connection.call("reprieve#GetMetrics")
        (counts,) = [one for one in metrics["files"] if one["file"] == file]
        if counts["failures"] >= times:
            return
        threading.Event().wait(0.1)
    raise AssertionError(daemon.log.read_text())


@needs_root
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
    release(first, "released")
    ballast.unlink()
    until_written_again(first, state_disk / "state")
    assert len(log_lines(first, "No space left on device")) == 1
    assert sorted(os.listdir(state_disk)) == ["lock", "state"]
    reboot(first)
    second = start()
    (update,) = second.coordinator().status()["updates"]
    assert (update["deploymentId"], update["state"]) == ("released", "released")
    assert {"before", "full-0", "full-29"} <= {one["deploymentId"] for one in history(second)}


@needs_root
def test_an_orderly_end_is_one_more_chance(state_disk, start):
    first = start()
    ballast = fill(state_disk)
    release(first, "released")
    ballast.unlink()
    first.stop()
    reboot(first)
    (update,) = start().coordinator().status()["updates"]
    assert update["state"] == "released"


@needs_root
def test_a_deferral_outlives_a_death_on_a_runtime_disk_that_has_become_full(
    mounts, directory, start
):
    disk = mounts.tmpfs(pathlib.Path(directory) / "run", "size=64k")
    sockets = [f"--component-socket={directory}/ipc.socket"]
    sockets += [f"--control-socket={directory}/control.socket"]
    first = start("--runtime-directory", disk, *sockets)
    camera, _ = defer(first)
    fill(disk)
    for _ in range(200):
        camera.defer("d", HOUR, message="recording " * 20)
    (line,) = log_lines(first, "No space left on device")
    assert f"{disk}/journal" in line
    first.kill()
    second = start("--runtime-directory", disk, *sockets)
    assert waits_for_camera(second)
    assert not log_lines(second, "damaged")


@needs_root
def test_a_state_disk_that_is_read_only_from_the_start_is_read(mounts, state_disk, start):
    first = start()
    works(first, "known")
    release(first, "released")
    reboot(first)
    mounts.change(state_disk, "ro")
    second = start()
    assert [one["deploymentId"] for one in history(second)] == ["released", "known"]
    second.coordinator().complete("released")
    assert len(log_lines(second, "Read-only file system")) == 1


@needs_root
def test_an_empty_state_disk_that_is_read_only_is_named_once(mounts, state_disk, start):
    mounts.change(state_disk, "ro")
    daemon = start()
    (line,) = log_lines(daemon, "Read-only file system")
    assert f"{state_disk}/" in line
    works(daemon)
    assert log_lines(daemon, "Read-only file system") == [line]


@pytest.mark.slow
@pytest.mark.parametrize("is_there", [False, True])
def test_a_disk_that_fails_to_sync_is_named_once_and_blocks_no_gate(
    start, directory, interposer, tmp_path, is_there
):
    marker = tmp_path / "faulty"
    daemon = start(environment={"LD_PRELOAD": interposer, "INTERPOSE_FAULTY": str(marker)})
    known = ["before"] if is_there else []
    for id in known:
        works(daemon, id)
    marker.write_text(f"{directory}/state")
    for id in "one", "two":
        works(daemon, id)
    (line,) = log_lines(daemon, "Input/output error")
    file = "state" if is_there else "state.new"
    assert f"cannot sync {directory}/state/{file}:" in line
    marker.unlink()
    until_written_again(daemon, f"{directory}/state/state")
    reboot(daemon)
    assert [one["deploymentId"] for one in history(start())] == ["two", "one", *known]
