# SPDX-License-Identifier: Apache-2.0
"""Every row of the table of exit codes (reprieve.1, EXIT STATUS), provoked. Those of plans are in
test_plan.py.
"""

import os
import pathlib
import shlex
import socket
import subprocess
import threading

import pytest
from daemon import BUILD, NOBODY
from eventstream import ACCEPTED, CONNECT_ACK
from faulty_broker import Fault, FaultyBroker, codes, flags, in_gates, on_type, renamed

USAGE, CONFLICT, UNKNOWN, UNREACHABLE, FILE = 64, 65, 66, 69, 74
NOT_NOW, CANCELLED, NOT_PERMITTED, NOT_FOUND = 75, 76, 77, 127


@pytest.fixture
def behind(daemon):
    """A broker with a fault."""
    brokers = []

    def start(fault):
        brokers.append(FaultyBroker(daemon, fault))
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.close()


@pytest.fixture
def run(processes):
    """Runs the command at a control socket. Returns its exit code and its errors."""

    def run(path, command, *arguments):
        program = processes.start(BUILD / "reprieve", command, "--control-socket", path, *arguments)
        code, _, errors = program.end(timeout=20)
        return code, "\n".join(errors)

    return run


# Wrong usage


USAGES = {
    "gate --deadline soon": "a duration is whole numbers",
    "gate --deadline -1s": "--deadline",
    "gate --deadline 10": "a duration is whole numbers",
    "gate --on-silence wait": "--on-silence",
    "gate --component no\\ spaces": '"no spaces" is not a component name',
    "gate --deployment-id ''": "1 to 256 bytes",
    "token a.b --tokens ''": "the path must not be empty",
    "check --state-directory ''": "the path must not be empty",
    "check --configuration-directory ''": "the path must not be empty",
    "check --root ''": "the path must not be empty",
    "metrics --output ''": "the path must not be empty",
    "gate --deployment-id " + "x" * 257: "1 to 256 bytes",
    "gate --nonsense": "--nonsense",
    "gate --reboots": "--reboots requires a COMMAND",
    "cancel d": "--reason",
    "force d": "--reason",
    "complete": "<id>",
    "complete d --outcome cancelled": "--outcome",
    "complete d --outcome rolledBack": "--outcome",
    "history --limit=-1": "--limit must not be negative",
    "hold -- true": "--why",
    "hold --why '' -- true": "must not be empty",
    "hold --why x": "give the COMMAND to run",
    "hold --why x --lease 0s -- true": "--lease must be longer than 0",
    "hold --why x --lease soon -- true": "a duration is whole numbers",
    "hold --why x --component no\\ spaces -- true": '"no spaces" is not a component name',
    "hold --why x --if-underway force -- true": "--if-underway",
    "listen": "--exec",
    "listen --exec": "--exec",
    "token": "exactly one of NAME, --list and --revoke",
    "token a --list": "exactly one of NAME, --list and --revoke",
    "nonsense": "nonsense",
}


@pytest.mark.parametrize("usage, words", USAGES.items())
def test_wrong_usage_says_what_is_wrong(processes, usage, words):
    code, output, errors = processes.start(BUILD / "reprieve", *shlex.split(usage)).end()
    assert (code, output) == (USAGE, [])
    assert words in errors[0]


# What a broker answers


ANSWERS = {
    "InvalidArgumentsError": USAGE,
    "ConflictError": CONFLICT,
    "ResourceNotFoundError": UNKNOWN,
    "ServiceError": NOT_NOW,
    "UnauthorizedError": NOT_PERMITTED,
    # An error of a later version is one of which only the text is known.
    "PonderingError": NOT_NOW,
}


@pytest.mark.parametrize("command", ["complete", "cancel", "force"])
@pytest.mark.parametrize("answer, code", ANSWERS.items())
def test_an_error_of_the_broker(behind, run, answer, code, command):
    broker = behind(codes({"ResourceNotFoundError": answer}))
    reason = [] if command == "complete" else ["--reason", "r"]
    ended, errors = run(broker.control_socket, command, "no-such-update", *reason)
    assert ended == code, errors
    assert "no-such-update" in errors and errors.startswith("reprieve: ")


def test_too_many_updates_are_not_a_broker_that_is_not_reachable(daemon, coordinator, run):
    for number in range(64):
        coordinator.gate(f"d{number}", components=["com.example.Nobody"])
    code, errors = run(daemon.control_socket, "gate", "--deployment-id", "d", "--", "true")
    assert code == NOT_NOW
    assert "64" in errors


def test_another_request_of_the_same_id_is_a_conflict(daemon, coordinator, run):
    coordinator.gate("d", {"require": ["com.example.Late"]})
    code, errors = run(daemon.control_socket, "gate", "--deployment-id", "d", "--reason", "other")
    assert code == CONFLICT
    assert "another request" in errors


# Sockets


COMMANDS = [
    ["gate", "--", "true"],
    ["status"],
    ["complete", "d"],
    ["cancel", "d", "--reason", "r"],
    ["force", "d", "--reason", "r"],
    ["history"],
]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_no_socket(directory, run, command):
    code, errors = run(f"{directory}/none", *command)
    assert code == UNREACHABLE
    assert f"{directory}/none" in errors and "--control-socket" in errors


def test_a_socket_at_which_nobody_listens(directory, run):
    path = f"{directory}/stale"
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(path)
    code, errors = run(path, "status")
    assert code == UNREACHABLE
    assert path in errors


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_socket_that_this_user_may_not_open(daemon, processes):
    binary = daemon.directory / "reprieve"
    # Another user may not be able to reach the build folder.
    subprocess.run(["install", "-m", "755", BUILD / "reprieve", binary], check=True, timeout=10)
    socket_option = ["--control-socket", daemon.control_socket]
    code, _, errors = processes.start(binary, "status", *socket_option, user=NOBODY).end()
    assert code == NOT_PERMITTED
    assert str(daemon.control_socket) in "\n".join(errors)


def test_a_broker_that_denies_the_connection(behind, run):
    denies = Fault(down=on_type(CONNECT_ACK, lambda frame: flags(frame, off=ACCEPTED)))
    code, errors = run(behind(denies).control_socket, "status")
    assert code == NOT_PERMITTED
    assert "denied" in errors


def test_the_component_socket_in_the_place_of_the_control_socket(daemon, run):
    code, errors = run(daemon.component_socket, "status")
    assert code == NOT_PERMITTED
    assert "this may be its component socket" in errors and "(--control-socket)" in errors
    assert "a token" not in errors


def serving(path, answer):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()

    def serve():
        with listener, listener.accept()[0] as client:
            client.recv(4096)
            client.sendall(answer)
            client.recv(4096)

    threading.Thread(target=serve, daemon=True).start()


def test_a_socket_that_is_no_brokers(directory, run):
    serving(f"{directory}/web", b"HTTP/1.1 400 Bad Request\r\n\r\n")
    code, errors = run(f"{directory}/web", "status")
    assert code == UNREACHABLE
    assert f"{directory}/web" in errors and "--control-socket" in errors


@pytest.mark.slow
def test_a_broker_that_does_not_answer(directory, run):
    serving(f"{directory}/mute", b"")
    code, errors = run(f"{directory}/mute", "status")
    assert code == UNREACHABLE
    assert f"{directory}/mute" in errors


def test_a_broker_that_hangs_up(behind, run):
    is_request = lambda frame: "operation" in frame.headers
    hangs_up = Fault(up=lambda frame, link: link.hang_up() if is_request(frame) else [frame])
    broker = behind(hangs_up)
    code, errors = run(broker.control_socket, "status")
    assert code == UNREACHABLE
    assert str(broker.control_socket) in errors


# How a gate ends


CANCELS = in_gates(renamed("refused", "cancelled"))


@pytest.mark.parametrize("fault, code", [(Fault(), NOT_NOW), (CANCELS, CANCELLED)])
def test_a_gate_that_does_not_open(behind, run, fault, code):
    path = behind(fault).control_socket
    policy = ["--require", "com.example.Late", "--response-timeout", "100ms"]
    ended, errors = run(path, "gate", *policy, "--on-silence", "refuse", "--", "true")
    assert ended == code, errors


# Files


def test_a_file_that_cannot_be_written(directory, processes):
    file = pathlib.Path(directory, "file")
    file.touch()
    command = [BUILD / "reprieve", "token", "a.b", "--tokens", file / "none/tokens"]
    code, _, errors = processes.start(*command).end()
    assert code == FILE
    assert f"cannot make the directory {file}/none: " in errors[0]


def test_the_help_names_every_code(processes):
    _, output, _ = processes.start(BUILD / "reprieve", "help").end()
    words = " ".join(output)
    for code in [*ANSWERS.values(), UNREACHABLE, FILE, CANCELLED, NOT_FOUND]:
        assert f" {code} " in words, code


@pytest.mark.parametrize("words", ["status --control-socket", "hold --component-socket"])
def test_an_empty_path_is_no_socket(processes, words):
    tail = ["--why", "x", "--", "true"] if words.startswith("hold") else []
    program = processes.start(BUILD / "reprieve", *words.split(), "", *tail)
    code, _, errors = program.end()
    assert code == USAGE, errors
    assert "cannot be the path of a socket (it is empty)" in errors[0]


def test_a_program_without_descriptors_is_told_so(daemon, processes):
    """The broker's log would say nothing of it."""
    command = [BUILD / "reprieve", "status", "--control-socket", daemon.control_socket]
    limited = ["sh", "-c", 'ulimit -n 6; exec "$@"', "sh", *command]
    code, _, errors = processes.start(*limited).end()
    assert code == UNREACHABLE
    assert "Too many open files" in errors[-1] and "ulimit -n" in errors[-1]
    assert "journal" not in errors[-1]
