# SPDX-License-Identifier: Apache-2.0
"""Files that are damaged, of another version or unreadable; disks that fail."""

import os
import pathlib
import threading

import pytest
from daemon import NOBODY
from files import change_headers, frames, reboot
from protocol import encode
from test_crash import history
from test_gate import CAMERA, HOUR

ROBOT = "com.example.Robot"


def defer(daemon, id="d"):
    """A camera that has deferred, and the gate that waits for it."""
    camera = daemon.component()
    gate = daemon.coordinator().gate(id, components=[CAMERA])
    camera.notice()
    camera.defer(id, HOUR, message="recording")
    return camera, gate


def waits_for_camera(daemon, id="d"):
    (update,) = daemon.coordinator().status()["updates"]
    return [(one["component"], one["state"]) for one in update["participants"]] == [
        (CAMERA, "deferred")
    ]


def complaints(daemon, words):
    return [line for line in daemon.log.read_text().splitlines() if words in line]


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


# Damage


@pytest.mark.parametrize("tail", [b"\0", b"nonsense" * 100], ids=["short", "long"])
def test_a_torn_tail_is_cut_off_and_reported_once(start, tail):
    first = start()
    defer(first)
    first.kill()
    journal = first.directory / "journal"
    size = journal.stat().st_size
    journal.write_bytes(journal.read_bytes() + tail)
    second = start()
    assert waits_for_camera(second)
    (line,) = complaints(second, "damaged")
    assert f"{journal}: {len(tail)} of {size + len(tail)} bytes" in line
    second.kill()
    assert waits_for_camera(start())
    assert len(complaints(second, "damaged")) == 1


def test_a_flipped_bit_costs_no_more_than_its_record(start):
    first = start()
    coordinator = first.coordinator()
    for id in "first", "second", "third":
        coordinator.gate(id).released()
    first.kill()
    state = first.state_directory / "state"
    content = bytearray(state.read_bytes())
    content[content.index(b"second")] ^= 4
    state.write_bytes(content)
    (first.directory / "journal").unlink()
    second = start()
    known = {one["deploymentId"] for one in second.coordinator().status()["updates"]}
    assert known == {"first", "third"}
    assert len(complaints(second, f"{state}: ")) == 1


@pytest.mark.parametrize("name", ["journal", "state"])
@pytest.mark.parametrize("format, version", [(99, "a later"), (1, "an earlier")])
def test_a_file_from_another_version_is_kept(start, name, format, version):
    first = start()
    camera, _ = defer(first)
    first.coordinator().force("d")
    first.kill()
    file = (first.directory if name == "journal" else first.state_directory) / name
    change_headers(file, format=format)
    content = file.read_bytes()
    second = start()
    works(second)
    assert f"{file}: it was written by {version} version" in second.log.read_text()
    assert file.with_name(name + ".1").read_bytes() == content
    assert file.read_bytes() != content


def test_an_empty_file_and_a_record_of_no_known_kind_are_no_trouble(start):
    first = start()
    defer(first)
    first.kill()
    journal = first.directory / "journal"
    strange = encode({"colour": "blue", "page": 1}, b"x")
    journal.write_bytes(journal.read_bytes() + strange)
    (first.state_directory / "state").write_bytes(b"")
    second = start()
    assert waits_for_camera(second)
    works(second)


# Directories


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user, so that modes count")
def test_an_unreadable_state_directory_is_named_once_and_negotiations_go_on(start, directory):
    os.chown(directory, NOBODY, NOBODY)
    state = pathlib.Path(directory) / "state"
    state.mkdir(mode=0o700)
    (state / "state").write_bytes(b"somebody's")
    daemon = start(user=NOBODY)
    for id in "one", "two":
        daemon.coordinator().gate(id).released()
    assert len(complaints(daemon, f"{state}/state: Permission denied")) == 1
    assert (state / "state").read_bytes() == b"somebody's"


def test_a_directory_in_the_place_of_a_file_is_named_and_negotiations_go_on(start, directory):
    (pathlib.Path(directory) / "journal").mkdir()
    daemon = start()
    works(daemon)
    assert complaints(daemon, f"{directory}/journal")


# Disks that fail. Those that are really full are in test_disks.py.


@pytest.fixture
def full(directory, interposer, tmp_path):
    """Has a directory of the daemon's be on a full disk."""
    marker = tmp_path / "full"

    class Full:
        environment = {"LD_PRELOAD": interposer, "INTERPOSE_FULL": str(marker)}
        faulty_environment = {"LD_PRELOAD": interposer, "INTERPOSE_FAULTY": str(marker)}

        def begin(self, place):
            marker.write_text(f"{place}")

        def end(self):
            marker.unlink()

    return Full()


def until_written_again(daemon, file):
    for _ in range(100):
        if complaints(daemon, f"{file} is written again"):
            return
        threading.Event().wait(0.1)
    raise AssertionError(daemon.log.read_text())


def test_half_a_page_on_a_full_disk_spoils_nothing_before_it(start, directory, full):
    first = start(environment=full.environment)
    camera, _ = defer(first)
    full.begin(directory)
    camera.defer("d", HOUR)
    first.kill()
    second = start()
    assert waits_for_camera(second)
    assert not complaints(second, "damaged")


@pytest.mark.slow
@pytest.mark.parametrize("is_there", [False, True])
def test_a_disk_that_fails_to_sync_is_reported_once_and_blocks_no_gate(
    start, directory, full, is_there
):
    daemon = start(environment=full.faulty_environment)
    known = ["before"] if is_there else []
    for id in known:
        works(daemon, id)
    full.begin(f"{directory}/state")
    for id in "one", "two":
        works(daemon, id)
    (line,) = complaints(daemon, "Input/output error")
    file = "state" if is_there else "state.new"
    assert f"cannot sync {directory}/state/{file}:" in line
    full.end()
    until_written_again(daemon, f"{directory}/state/state")
    reboot(daemon)
    assert [one["deploymentId"] for one in history(start())] == ["two", "one", *known]
