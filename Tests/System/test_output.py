# SPDX-License-Identifier: Apache-2.0
"""What is said never stands in the way of what is done, and a result is never lost in silence."""

import fcntl
import json
import os
import pathlib
import pty
import signal
import struct
import subprocess
import termios

import pytest
from daemon import BUILD, Daemon, reprieved
from expect import CAMERA
from protocol import TIMEOUT
from test_transparent import REPRIEVE, gating, holding, run, script, wait_until

FILE_ERROR = 74


@pytest.fixture
def full():
    """The writing end of a pipe that is full and not read."""
    reading, writing = os.pipe()
    fill(writing)
    yield writing
    os.close(reading)
    os.close(writing)


def fill(descriptor):
    os.set_blocking(descriptor, False)
    try:
        while True:
            os.write(descriptor, b"." * 4096)
    except BlockingIOError:
        pass
    os.set_blocking(descriptor, True)


@pytest.fixture
def stopped():
    """A terminal after Ctrl-S."""
    leader, terminal = pty.openpty()
    os.write(leader, b"\x13")
    wait_until(lambda: not writable(terminal))
    yield terminal
    os.close(leader)
    os.close(terminal)


def waiting_bytes(descriptor):
    (count,) = struct.unpack("i", fcntl.ioctl(descriptor, termios.FIONREAD, bytes(4)))
    return count


def writable(descriptor):
    os.set_blocking(descriptor, False)
    try:
        return os.write(descriptor, b".") > 0
    except BlockingIOError:
        return False
    finally:
        os.set_blocking(descriptor, True)


@pytest.mark.parametrize("kind", ["full", "stopped"])
def test_a_gate_runs_its_command_with_an_output_that_is_not_read(request, daemon, directory, kind):
    mark = pathlib.Path(directory, "mark")
    output = request.getfixturevalue(kind)
    done = run(gating(daemon, "touch", mark), capture_output=False, stderr=output)
    assert done.returncode == 0
    assert mark.exists()


def test_a_gate_s_events_do_not_keep_its_command_from_running(daemon, directory, full):
    mark = pathlib.Path(directory, "mark")
    command = gating(daemon, "touch", mark, options=["--json"])
    assert run(command, capture_output=False, stdout=full).returncode == 0
    assert mark.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_gate_whose_output_is_not_read(daemon, coordinator, full, number):
    camera = daemon.component()
    with subprocess.Popen(gating(daemon, "true"), stderr=full) as program:
        camera.defer(camera.notice()["deploymentId"], 60_000)
        program.send_signal(number)
        assert program.wait(TIMEOUT) == 128 + number
    # A gate that has not read yet that it is announced leaves that to the grace.
    wait_until(lambda: coordinator.status()["updates"] == [])


def test_a_hold_whose_output_is_not_read_connects_again(directory, full):
    daemon = Daemon(directory)
    with subprocess.Popen(holding(daemon, "cat"), stdin=-1, stderr=full) as program:
        wait_until(lambda: names(daemon) == [CAMERA])
        daemon.stop()
        daemon = Daemon(directory)
        wait_until(lambda: names(daemon) == [CAMERA])
        program.stdin.close()
        assert program.wait(TIMEOUT) == 0
    daemon.stop()


def names(daemon):
    status = run([REPRIEVE, "status", "--json", "--control-socket", daemon.control_socket])
    return [one["component"] for one in json.loads(status.stdout)["components"]]


def test_a_listener_whose_output_is_not_read_answers(daemon, directory, coordinator, full):
    hook = script(directory, b"#!/bin/sh\nhead -c 10000 /dev/zero\n")
    command = [REPRIEVE, "listen", "--component-socket", daemon.component_socket,
               "--component", CAMERA, "--exec", hook]  # fmt: skip
    with subprocess.Popen(command, stdout=full, stderr=full) as program:
        wait_until(lambda: names(daemon) == [CAMERA])
        assert coordinator.gate("d").released()["basis"] == "consent"
        program.terminate()
        assert program.wait(TIMEOUT) == 0


@pytest.mark.parametrize("is_root", [True, False])
def test_a_daemon_whose_output_is_not_read_serves(directory, full, is_root):
    state = pathlib.Path(directory, "state")
    command = [BUILD / "reprieved", "--runtime-directory", directory, "--log-level", "debug",
               "--state-directory", state]  # fmt: skip
    user = {} if is_root else {"user": 65534, "env": {"HOME": directory}}
    if not is_root:
        os.chown(directory, 65534, 65534)
    with subprocess.Popen(command, stderr=full, stdout=full, **user) as program:
        socket = pathlib.Path(directory, "control.socket")
        wait_until(socket.exists)
        status = run([REPRIEVE, "status", "--control-socket", socket])
        assert status.returncode == 0, status.stderr
        program.terminate()
        assert program.wait(TIMEOUT) == 0


def test_an_output_that_others_share_stays_blocking(daemon, full):
    assert run(holding(daemon, "true"), capture_output=False, stderr=full).returncode == 0
    assert run(gating(daemon, "true"), capture_output=False, stderr=full).returncode == 0
    assert os.get_blocking(full)


# Results


def test_a_token_that_cannot_be_printed_is_an_error(directory):
    tokens = pathlib.Path(directory, "tokens")
    with open("/dev/full", "w") as full:
        done = run([REPRIEVE, "token", CAMERA, "--tokens", tokens],
                   capture_output=False, stdout=full, stderr=subprocess.PIPE)  # fmt: skip
    assert done.returncode == FILE_ERROR, done.stderr


RESULTS = ["--help", "status", "status --json", "status --watch", "history", "gate", "gate --help"]


@pytest.mark.parametrize("words", [words.split() for words in RESULTS])
def test_a_result_that_cannot_be_written_is_an_error(daemon, words):
    help = words[-1] == "--help"
    socket = [] if help else ["--control-socket", daemon.control_socket]
    with open("/dev/full", "w") as full:
        done = run([REPRIEVE, *words, *socket],
                   capture_output=False, stdout=full, stderr=subprocess.PIPE)  # fmt: skip
    assert done.returncode == FILE_ERROR, done.stderr


@pytest.mark.parametrize("words", [words.split() for words in RESULTS])
def test_a_result_that_has_no_output_is_an_error(daemon, words):
    socket = [] if words[-1] == "--help" else ["--control-socket", daemon.control_socket]
    done = run(["sh", "-c", 'exec "$@" >&-', "sh", REPRIEVE, *words, *socket])
    assert done.returncode == FILE_ERROR, done.stderr
    assert b"cannot write the result: Bad file descriptor" in done.stderr


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["--check-config"]])
def test_a_result_of_the_daemon_that_cannot_be_written_is_an_error(words):
    with open("/dev/full", "w") as full:
        done = run([BUILD / "reprieved", *words],
                   capture_output=False, stdout=full, stderr=subprocess.PIPE)  # fmt: skip
    assert done.returncode == FILE_ERROR, done.stderr


def test_a_long_result_waits_for_the_reader_of_a_non_blocking_pipe(daemon, coordinator):
    for number in range(120):
        coordinator.gate(f"d{number}" + "x" * 200).released()
        coordinator.complete(f"d{number}" + "x" * 200)
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    os.set_blocking(writing, False)
    command = [REPRIEVE, "history", "--json", "--control-socket", daemon.control_socket]
    with subprocess.Popen(command, stdout=writing) as program:
        os.close(writing)
        wait_until(lambda: waiting_bytes(reading) >= 4096)
        with open(reading, "rb") as file:
            history = json.loads(file.read())
        assert program.wait(TIMEOUT) == 0
    assert len(history["decisions"]) >= 100


def test_a_gate_whose_id_cannot_be_written_leaves_no_update_behind(daemon, coordinator):
    arguments = [REPRIEVE, "gate", "--control-socket", daemon.control_socket]
    with open("/dev/full", "w") as full:
        gate = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT)
    assert gate.returncode == FILE_ERROR
    assert b"failed" in gate.stderr and b"when the update is done" not in gate.stderr
    assert coordinator.status()["updates"] == []


def test_the_message_of_the_day_never_fails(daemon, coordinator):
    daemon.component()
    coordinator.gate("d")
    arguments = [REPRIEVE, "status", "--motd", "--control-socket", daemon.control_socket]
    with open("/dev/full", "w") as full:
        status = subprocess.run(arguments, stdout=full, stderr=subprocess.PIPE, timeout=TIMEOUT)
    assert (status.returncode, status.stderr) == (0, b"")
