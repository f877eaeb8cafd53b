# SPDX-License-Identifier: Apache-2.0
"""The daemon's two directories: whose they are, what else may stand there, and their loss."""

import fcntl
import os
import pathlib
import select
import shutil
import stat
import time

import pytest
from daemon import BUILD, NOBODY, Daemon, reprieved
from expect import defer, history, log_lines, works
from files import frames, reboot
from test_activation import listening


def content(directory):
    """All of its files, but for the log, sockets left out."""
    return {
        file.name: file.read_bytes()
        for file in pathlib.Path(directory).iterdir()
        if file.is_file() and file.name != "log"
    }


# Whose they are


@pytest.mark.parametrize("shared", ["runtime", "state"])
def test_a_second_daemon_with_sockets_of_its_own_is_kept_out(daemon, tmp_path, shared):
    camera, gate = defer(daemon)
    daemon.coordinator().gate("done", components=["com.example.Nobody"]).released()
    place = daemon.directory if shared == "runtime" else daemon.state_directory
    before = content(place)
    second = reprieved(
        f"--runtime-directory={place if shared == 'runtime' else tmp_path / 'run'}",
        f"--state-directory={place if shared == 'state' else tmp_path / 'state'}",
        f"--component-socket={tmp_path}/ipc.socket",
        f"--control-socket={tmp_path}/control.socket",
    )
    assert second.returncode == 69
    assert second.stderr.count("\n") == 1
    for words in [f"{place}/lock", "another reprieved", "stop it", f"--{shared}-directory"]:
        assert words in second.stderr, second.stderr
    assert content(place) == before
    assert not list(tmp_path.glob("*.socket"))
    camera.acknowledge("d")
    gate.released()


def test_a_lock_is_nobody_elses(daemon):
    for directory in daemon.directory, daemon.state_directory:
        assert stat.S_IMODE((directory / "lock").stat().st_mode) == 0o600


def test_one_directory_may_be_both(start, directory):
    first = start("--state-directory", directory)
    defer(first)
    first.coordinator().gate("done", components=["com.example.Nobody"]).released()
    first.kill()
    second = start("--state-directory", directory)
    assert [one["state"] for one in second.coordinator().status()["updates"]] == [
        "waiting",
        "released",
    ]


def test_who_loses_its_directory_to_another_says_so_and_goes_on(daemon):
    works(daemon, "one")
    shutil.rmtree(daemon.state_directory)
    daemon.state_directory.mkdir()
    with open(daemon.state_directory / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        works(daemon, "two")
    assert len(log_lines(daemon, "another reprieved keeps its files in")) == 1
    assert sorted(os.listdir(daemon.state_directory)) == ["lock"]


SERVICE_DIRECTORIES = ["RUNTIME_DIRECTORY", "STATE_DIRECTORY", "CONFIGURATION_DIRECTORY"]


def test_of_several_directories_of_its_unit_the_first_is_used(processes, tmp_path):
    """As where a drop-in adds a RuntimeDirectory=."""
    environment = {"PATH": os.environ["PATH"]}
    for name in SERVICE_DIRECTORIES:
        environment[name] = f"{tmp_path}/{name}:{tmp_path}/other"
    configuration = tmp_path / "CONFIGURATION_DIRECTORY"
    configuration.mkdir()
    (configuration / "reprieved.conf").write_text("[Policy]\n")
    daemon = processes.start(BUILD / "reprieved", env=environment)
    runtime = tmp_path / "RUNTIME_DIRECTORY"
    assert f"{runtime}/ipc.socket" in daemon.error_line("serving")
    assert f"{configuration}/reprieved.conf" in daemon.error_line("rules")
    assert (tmp_path / "STATE_DIRECTORY/lock").exists()
    assert not (tmp_path / "other").exists()
    assert sorted(os.listdir(tmp_path)) == sorted(SERVICE_DIRECTORIES)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_runtime_directory_that_cannot_be_made_is_named_with_what_to_do(processes, directory):
    environment = {"PATH": os.environ["PATH"], "HOME": directory}
    daemon = processes.start(BUILD / "reprieved", env=environment, user=NOBODY)
    code, _, errors = daemon.end()
    assert code == 69
    assert "make the directory /run/reprieve: Permission denied" in errors[-1]
    assert errors[-1].endswith("; use another --runtime-directory")


# What else may stand there


@pytest.mark.parametrize("kind", ["link", "dangling link", "pipe", "directory"])
@pytest.mark.parametrize("name", ["journal", "state"])
def test_what_is_no_file_of_ours_is_neither_read_nor_written(start, directory, name, kind):
    first = start()
    works(first)
    first.stop()
    file = (first.directory if name == "journal" else first.state_directory) / name
    other = pathlib.Path(directory) / "other"
    if file.exists():
        file.rename(other)
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "directory":
        file.mkdir()
    else:
        file.symlink_to(other if kind == "link" else "nowhere")
    before = other.read_bytes() if other.exists() else None
    second = start()
    works(second, "again")
    assert (other.read_bytes() if other.exists() else None) == before
    assert log_lines(second, f"{file}: ")
    assert stat.S_ISREG(file.lstat().st_mode)
    assert len(log_lines(second, f"{file} is kept as {file}.1")) == 1


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_link_in_the_place_of_a_file_to_be_leads_nowhere(start, directory, link):
    other = pathlib.Path(directory) / "other"
    other.write_text("somebody's")
    state = pathlib.Path(directory) / "state"
    state.mkdir()
    daemon = start()
    link(other, state / "state.new")
    works(daemon)
    assert other.read_text() == "somebody's"
    assert stat.S_IMODE((state / "state").lstat().st_mode) == 0o600


def test_what_a_dead_daemon_had_begun_is_cleared_away(start, directory):
    state = pathlib.Path(directory) / "state"
    state.mkdir()
    (state / "state.new").write_bytes(b"half a fi")
    start()
    assert sorted(os.listdir(state)) == ["lock"]


def test_what_is_kept_is_for_nobody_else(start):
    first = start()
    works(first)
    first.stop()
    state = first.state_directory / "state"
    state.chmod(0o644)
    before = state.stat().st_ino
    second = start()
    works(second, "again")
    assert stat.S_IMODE(state.stat().st_mode) == 0o600
    assert state.stat().st_ino == before, "it grows, and is not replaced"
    assert not log_lines(second, "was changed")


# Their loss


def test_a_state_directory_that_is_removed_is_named_once_and_written_again(start):
    daemon = start()
    works(daemon, "one")
    shutil.rmtree(daemon.state_directory)
    for id in "two", "three":
        works(daemon, id)
    (line,) = log_lines(daemon, "removed")
    assert f"{daemon.state_directory} was removed" in line
    assert [headers for headers, _ in frames(daemon.state_directory / "state")]
    shutil.rmtree(daemon.state_directory)
    works(daemon, "four")
    assert len(log_lines(daemon, "removed")) == 2
    reboot(daemon)
    assert len(history(start())) == 4, "what it knew is written again"


@pytest.mark.parametrize("change", ["removed", "changed", "replaced"])
def test_a_file_that_another_process_touches_is_named_and_written_again(daemon, change):
    works(daemon, "one")
    state = daemon.state_directory / "state"
    if change == "changed":
        state.write_bytes(b"")
    else:
        content = state.read_bytes()
        state.unlink()
    if change == "replaced":
        state.write_bytes(content)
    # One record, so that no other one notices.
    daemon.coordinator().gate("two", components=["com.example.Nobody"]).released()
    (line,) = log_lines(daemon, f"{state} was {'removed' if change == 'removed' else 'changed'}")
    headers = [headers for headers, _ in frames(state)]
    assert "two" in {header.get("update") for header in headers}
    assert any("decision" in header for header in headers), "what it knew is written again"


# What outlives the device


def test_a_release_is_on_the_disk_with_its_names_before_anybody_hears_of_it(
    start, directory, interposer, tmp_path
):
    """Each file and each directory that is new is synced, and so is the directory it stands in."""
    calls = tmp_path / "calls"
    deep = f"{directory}/deep"
    environment = {"LD_PRELOAD": interposer, "INTERPOSE_LOG": str(calls)}
    daemon = start("--state-directory", f"{deep}/state", environment=environment)
    made = [tuple(line.split()) for line in calls.read_text().splitlines()]
    for parent, child in [(directory, deep), (deep, f"{deep}/state")]:
        assert made.index(("mkdir", "0", child)) < made.index(("fsync", "0", parent))
    coordinator = daemon.coordinator()
    calls.write_text("")
    coordinator.gate("d").released()
    lines = [tuple(line.split()) for line in calls.read_text().splitlines()]
    written = lines.index(("fsync", "0", f"{deep}/state/state.new"))
    named = lines.index(("rename", "0", f"{deep}/state/state"))
    synced = lines.index(("fsync", "0", f"{deep}/state"))
    told = min(place for place, line in enumerate(lines) if line[0] in ("send", "sendmsg"))
    assert written < named < synced < told


# Sockets that are gone


def control(daemon):
    """Whether an operator and a component reach the daemon."""
    daemon.component().connection.close()
    return daemon.coordinator().status()["updates"] == []


def until(is_so, timeout=10):
    end = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < end
        select.select([], [], [], 0.05)


@pytest.mark.parametrize("empty", ["files", "directory", "sockets"])
def test_an_emptied_runtime_directory_gets_its_sockets_back(start, directory, empty):
    runtime = pathlib.Path(directory) / "run"
    daemon = start("--runtime-directory", str(runtime))
    daemon.component_socket = runtime / "ipc.socket"
    daemon.control_socket = runtime / "control.socket"
    mode = stat.S_IMODE(daemon.control_socket.stat().st_mode)
    for _ in range(2):
        assert control(daemon)
        if empty == "directory":
            shutil.rmtree(runtime)
        for file in runtime.iterdir() if runtime.exists() else []:
            if empty == "files" or file.suffix == ".socket":
                file.unlink()
        until(lambda: daemon.control_socket.exists() and daemon.component_socket.exists())
        until(lambda: stat.S_IMODE(daemon.control_socket.stat().st_mode) == mode)
    assert control(daemon)
    assert log_lines(daemon, "is made again")


@pytest.mark.parametrize("empty", ["files", "directory"])
def test_a_removed_socket_that_systemd_opened_is_said_once_with_the_command_that_mends_it(
    directory, empty
):
    place = pathlib.Path(directory) / "inherited"
    place.mkdir()
    names = [place / "ipc.socket", place / "control.socket"]
    with listening(*map(str, names)) as sockets:
        daemon = Daemon(directory, sockets=sockets)
        if empty == "directory":
            shutil.rmtree(place)
        else:
            [name.unlink() for name in names]
        command = "systemctl restart reprieved.socket reprieved-control.socket"
        until(lambda: daemon.log.read_text().count(command) == 2)
        place.mkdir(exist_ok=True)
        names[0].touch()
        names[0].unlink()
        daemon.stop()
        log = daemon.log.read_text()
        assert log.count("was removed") == 2 and "made again if" not in log
