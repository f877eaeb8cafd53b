# SPDX-License-Identifier: Apache-2.0
"""The daemon itself: its sockets, who may open them, its start and its end."""

import contextlib
import os
import pathlib
import re
import resource
import signal
import socket
import stat
import subprocess

import pytest
from daemon import BUILD, NOBODY, ROOT, open_elsewhere, reprieved
from expect import log_lines, refused
from protocol import ACCEPTED, CONNECT_ACK, Connection, HungUp

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


def mode(path):
    return stat.S_IMODE(os.stat(path).st_mode)


def test_anybody_may_be_a_component_and_only_the_owner_a_coordinator(daemon):
    assert mode(daemon.component_socket) == 0o666
    assert mode(daemon.control_socket) == 0o600


@pytest.mark.parametrize("which", ["component", "control"])
def test_a_second_daemon_on_the_same_socket_says_so_and_leaves_it_alone(daemon, tmp_path, which):
    path = daemon.component_socket if which == "component" else daemon.control_socket
    second = reprieved("--runtime-directory", tmp_path, f"--{which}-socket", path)
    assert second.returncode == 69
    assert str(path) in second.stderr
    assert second.stderr.count("\n") == 1
    assert daemon.component().connection.call("UpdateState", {"state": "RUNNING"}) == {}


def test_a_stale_socket_file_is_replaced(start, directory):
    for name in ["ipc.socket", "control.socket"]:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as stale:
            stale.bind(f"{directory}/{name}")
    start().component()


def test_another_file_in_the_place_of_a_socket_is_not_removed(directory):
    file = pathlib.Path(directory) / "ipc.socket"
    file.write_text("somebody's")
    daemon = reprieved("--runtime-directory", directory)
    assert daemon.returncode == 69
    assert str(file) in daemon.stderr
    assert file.read_text() == "somebody's"


def test_an_orderly_end_removes_the_sockets(daemon):
    daemon.stop()
    assert not daemon.component_socket.exists()
    assert not daemon.control_socket.exists()


def test_after_kill_9_a_daemon_starts_on_the_same_directory(start):
    first = start()
    camera = first.component()
    first.process.kill()
    assert camera.connection.ends()
    first.kill()
    assert first.component_socket.exists()
    second = start()
    camera = second.component()
    gate = second.coordinator().gate("d")
    camera.notice()
    camera.acknowledge("d")
    gate.released()


def test_the_directories_are_made_if_they_are_not_there(directory):
    inner, state = f"{directory}/reprieve", f"{directory}/state"
    with pytest.raises(FileNotFoundError):
        os.stat(inner)
    places = ["--runtime-directory", inner, "--state-directory", state]
    process = subprocess.Popen([BUILD / "reprieved", *places], stderr=-1)
    try:
        assert b"serving" in process.stderr.readline()
        assert mode(f"{inner}/control.socket") == 0o600
        assert os.path.isdir(state)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=10)
    assert process.returncode == 0


def test_the_sockets_can_be_elsewhere(start, directory):
    paths = {"--component-socket": f"{directory}/c", "--control-socket": f"{directory}/d"}
    daemon = start(*[word for pair in paths.items() for word in pair])
    for path in paths.values():
        daemon.keep(Connection.open(path)).connect("com.example.Camera")


@pytest.mark.parametrize(
    "arguments",
    [["--nonsense"], ["--log-level", "loud"], ["--runtime-directory"], ["stray"]],
    ids=str,
)
def test_wrong_usage_is_explained_and_exits_64(arguments):
    daemon = reprieved(*arguments)
    assert daemon.returncode == 64
    assert arguments[0].lstrip("-") in daemon.stderr


def test_help_and_version_are_printed():
    assert "--runtime-directory" in reprieved("--help").stdout
    assert reprieved("--version").stdout.startswith("reprieved ")


def test_the_manual_explains_each_exit_code():
    page = (ROOT / "Packaging/man/reprieved.8").read_text().split(".Sh EXIT STATUS")[1]
    source = (ROOT / "Sources/reprieved/main.swift").read_text()
    codes = re.findall(r"static let \w+: Int32 = (\d+)", source)
    assert re.findall(r"^\.It (\d+)$", page, re.MULTILINE) == ["0", *codes]


def test_a_directory_that_cannot_be_made_is_named_and_exits_69():
    daemon = reprieved("--runtime-directory", "/proc/nowhere/reprieve")
    assert daemon.returncode == 69
    assert "/proc/nowhere/reprieve" in daemon.stderr


# Who is who

DENIED = 0


@as_root
def test_another_users_claim_to_a_name_is_denied_politely(daemon):
    connection = daemon.keep(open_elsewhere(daemon.component_socket, user=NOBODY))
    connection.say_connect("com.example.Camera")
    answer = connection.next_frame()
    assert (answer.type, answer.flags) == (CONNECT_ACK, DENIED)
    assert connection.is_quiet(0.3), "the client closes first"
    connection.close()
    assert log_lines(daemon, "denied")


@as_root
def test_one_that_is_denied_and_does_not_close_is_hung_up_on(daemon):
    connection = daemon.keep(open_elsewhere(daemon.component_socket, user=NOBODY))
    connection.say_connect("com.example.Camera")
    assert connection.next_frame().flags == DENIED
    assert connection.ends(timeout=3)


@as_root
def test_another_user_may_not_open_the_control_socket(daemon):
    with pytest.raises(PermissionError):
        open_elsewhere(daemon.control_socket, user=NOBODY)


@pytest.mark.parametrize(
    "payload",
    [
        {},
        b"",
        b"hello",
        b"[]",
        {"authToken": ""},
        {"authToken": 7},
        {"authToken": "notokenofours"},
        {"authToken": "no spaces.please"},
        {"authToken": "../../etc"},
        {"componentName": "a/b"},
        {"authToken": "com." + "x" * 125},
    ],
    ids=str,
)
def test_one_that_claims_no_name_is_denied_politely(daemon, payload):
    connection = daemon.connection()
    connection.say_connect(payload=payload)
    answer = connection.next_frame()
    assert (answer.type, answer.flags) == (CONNECT_ACK, DENIED)
    assert connection.is_quiet(0.1), "the client closes first"


@pytest.mark.parametrize("version", ["0.1.1", "1.0.0", "0.1", "", "0.1.0.0", "latest"])
def test_another_version_is_denied_politely(daemon, version):
    connection = daemon.connection()
    connection.say_connect("com.example.Camera", version=version)
    answer = connection.next_frame()
    assert (answer.type, answer.flags) == (CONNECT_ACK, DENIED)


def test_a_version_is_compared_as_three_numbers(daemon):
    connection = daemon.connection()
    connection.say_connect("com.example.Camera", version="00.01.00")
    assert connection.next_frame().flags == ACCEPTED


@pytest.mark.parametrize(
    "payload",
    [
        {"authToken": "com.example.Camera"},
        {"componentName": "Camera"},
        {"componentName": "Camera", "authToken": "whatever", "other": [1, 2]},
    ],
    ids=str,
)
def test_a_process_of_the_brokers_own_user_may_claim_a_name(daemon, payload):
    connection = daemon.connection()
    connection.say_connect(payload=payload)
    answer = connection.next_frame()
    assert (answer.type, answer.flags) == (CONNECT_ACK, ACCEPTED)


def test_the_control_socket_needs_no_name(daemon):
    connection = daemon.coordinator().connection
    status = connection.call("reprieve#GetStatus")
    assert (status["updates"], status["components"]) == ([], [])


def test_a_component_without_a_name_cannot_subscribe_on_the_control_socket(daemon):
    connection = daemon.coordinator().connection
    call = lambda: connection.subscribe_to("SubscribeToComponentUpdates")
    refused(call, "InvalidArgumentsError", "name")


# Descriptors


def limits(daemon):
    line = pathlib.Path(f"/proc/{daemon.process.pid}/limits").read_text()
    return re.search(r"Max open files +(\d+) +(\d+)", line).groups()


def test_the_soft_limit_of_descriptors_is_raised_to_the_hard_one(start):
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    used = max(int(name) for name in os.listdir("/proc/self/fd"))
    resource.setrlimit(resource.RLIMIT_NOFILE, (used + 64, before[1]))
    try:
        soft, hard = limits(start())
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
    assert soft == hard


def test_components_leave_descriptors_for_operators(daemon):
    used = max(int(name) for name in os.listdir(f"/proc/{daemon.process.pid}/fd")) + 1
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used + 40, used + 40))
    connections = [daemon.connection() for _ in range(60)]
    for connection in connections:
        with contextlib.suppress(OSError, HungUp):
            connection.connect("com.example.Camera")
    for _ in range(5):
        assert daemon.coordinator().status()["updates"] == []
    assert len(log_lines(daemon, "EMFILE")) == 1


def test_a_socket_path_that_is_too_long_is_refused_at_once(directory, processes):
    path = f"{directory}/{'x' * 120}"
    for command in ["hold", "--why", "x", "--component-socket", path, "--", "true"], [
        "listen", "--exec", "true", "--component-socket", path,
    ], ["status", "--control-socket", path], ["gate", "--control-socket", path]:
        code, _, errors = processes.start(BUILD / "reprieve", *command).end(timeout=5)
        assert code == 64 and "107" in "\n".join(errors), (command, code, errors)
