# SPDX-License-Identifier: Apache-2.0
"""`reprieve hold`: an update waits while a command runs."""

import os
import pathlib
import re
import signal
import socket
import time

import pytest
from daemon import BUILD
from expect import CAMERA, HOUR

UNDERWAY, NOT_PERMITTED, UPDATE_WAITS, NOT_FOUND = 75, 77, 79, 127
# What the tests run reads a line to end, so that they say when.
WAITING = ["sh", "-c", "echo running; read line; exit ${line:-0}"]


@pytest.fixture
def hold(daemon, processes):
    def start(*arguments, command=WAITING, **options):
        arguments = ["hold", "--why", "flashing", *arguments, "--", *command]
        return processes.reprieve_component(daemon, *arguments, stdin=-1, **options)

    return start


def let_end(program, code=0):
    """The command under `hold` is told to end."""
    print(code, file=program.process.stdin, flush=True)


def configuration(directory, component, rule):
    path = pathlib.Path(directory, "conf")
    path.write_text(f"[Component {component}]\n{rule}\n")
    return path


def text(lines):
    return "\n".join(lines)


# The hold


def test_an_update_waits_while_the_command_runs_and_opens_when_it_ends(hold, coordinator):
    program = hold()
    program.line("running")
    gate = coordinator.gate("d")
    assert gate.shows(CAMERA, "deferred")["message"] == "flashing"
    started = time.monotonic()
    let_end(program)
    assert gate.released()["basis"] == "consent"
    # At once, and not when the deferral or the grace is over.
    assert time.monotonic() - started < 4
    assert program.end()[0] == 0


def test_an_update_that_waits_already_waits_for_the_command_too(hold, daemon, coordinator):
    robot = daemon.component("com.example.Robot")
    gate = coordinator.gate("d")
    robot.notice()
    robot.defer("d", HOUR)
    program = hold()
    program.line("running")
    gate.shows(CAMERA, "deferred")
    robot.acknowledge("d")
    gate.shows("com.example.Robot", "acknowledged")
    assert coordinator.status()["updates"][0]["blockedBy"] == [CAMERA]
    let_end(program)
    assert gate.released()["basis"] == "consent"


def test_an_update_that_may_not_be_deferred_waits_for_an_answer_until_the_command_ends(
    start, directory, processes
):
    daemon = start("--config", configuration(directory, CAMERA, "MaxDefer=0s"))
    arguments = ["hold", "--why", "flashing", "--", *WAITING]
    program = processes.reprieve_component(daemon, *arguments, stdin=-1)
    program.line("running")
    gate = daemon.coordinator().gate("d")
    line = program.error_line("is not deferred, despite: flashing")
    assert "may not defer" in line
    gate.shows(CAMERA, "asked")
    started = time.monotonic()
    let_end(program)
    assert gate.released()["basis"] == "consent"
    assert time.monotonic() - started < 4
    assert program.end()[0] == 0


def test_who_waits_for_an_update_that_it_may_not_defer_does_not_keep_it_waiting(
    start, directory, processes
):
    daemon = start("--config", configuration(directory, CAMERA, "MaxDefer=0s"))
    robot = daemon.component("com.example.Robot")
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d")
    robot.notice()
    arguments = ["hold", "--if-underway", "wait", "--why", "flashing", "--", *WAITING]
    program = processes.reprieve_component(daemon, *arguments, stdin=-1)
    program.error_line("waiting for its end")
    started = time.monotonic()
    robot.acknowledge("d")
    gate.released()
    assert time.monotonic() - started < 4
    coordinator.complete("d")
    program.line("running")
    let_end(program)
    assert program.end()[0] == 0


def test_a_lease_is_renewed_before_it_ends(hold, coordinator):
    program = hold("--lease", "1500ms")
    program.line("running")
    gate = coordinator.gate("d")
    for _ in range(3):
        gate.shows(CAMERA, "deferred")
    states = [
        participant["state"]
        for _, progress in gate.seen
        for participant in progress["participants"]
    ]
    # It may have answered before the first progress, which then shows no question.
    assert states[-3:] == ["deferred"] * 3 and states[:-3] in ([], ["asked"])
    let_end(program)
    gate.released()


def test_a_lease_too_short_to_be_renewed_is_asked_for_again(hold, coordinator):
    program = hold("--lease", "200ms")
    program.line("running")
    gate = coordinator.gate("d")
    # It may have answered before the first progress, which then shows no question.
    gate.shows(CAMERA, "deferred")
    for _ in range(2):
        gate.shows(CAMERA, "asked")
        gate.shows(CAMERA, "deferred")
    let_end(program)
    assert gate.released()["basis"] == "consent"


def test_two_holds_of_one_component_both_count(hold, coordinator):
    first, second = hold(), hold()
    first.line("running")
    second.line("running")
    gate = coordinator.gate("d")
    participant = gate.shows(CAMERA, "deferred")
    while participant["deferrals"] < 2:
        participant = gate.shows(CAMERA, "deferred")
    let_end(first)
    assert first.end()[0] == 0
    assert coordinator.status()["updates"][0]["state"] == "waiting"
    let_end(second)
    assert gate.released()["basis"] == "consent"


def test_a_hold_that_was_not_asked_counts_when_its_component_is_ready(hold, daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    # It subscribes while a deferral of its component runs, so it is not asked.
    program = hold()
    program.line("running")
    camera.acknowledge("d")
    while gate.shows(CAMERA, "deferred")["message"] != "flashing":
        pass
    let_end(program)
    # The sibling's own final word is still wanted, and then it opens.
    assert program.end()[0] == 0
    assert gate.released()["basis"] == "consent"


def test_several_updates_wait(hold, coordinator):
    program = hold()
    program.line("running")
    gates = [coordinator.gate(name, exclusive=False) for name in ("d", "e")]
    for gate in gates:
        gate.shows(CAMERA, "deferred")
    let_end(program)
    for gate in gates:
        gate.released()


def test_an_update_that_goes_ahead_regardless_is_said_and_the_command_runs_on(hold, coordinator):
    program = hold()
    program.line("running")
    gate = coordinator.gate("d", policy={"maxTotalDeferMs": 400})
    assert gate.released()["basis"] == "capped"
    program.error_line("stops waiting soon, despite: flashing")
    let_end(program, 5)
    assert program.end()[0] == 5


# When it is killed


def test_a_hold_that_is_killed_is_gone_within_the_grace(hold, coordinator, directory):
    pidfile = directory + "/pid"
    program = hold(command=["sh", "-c", f"echo $$ > {pidfile}; echo running; read line"])
    program.line("running")
    gate = coordinator.gate("d")
    gate.shows(CAMERA, "deferred")
    program.process.kill()
    killed = time.monotonic()
    gate.shows(CAMERA, "away")
    released = gate.released()
    # ReconnectGrace is 5 s.
    assert 4 < time.monotonic() - killed < 8
    assert released["silent"] == [CAMERA]
    with open(pidfile) as file:
        command = int(file.read())
    # It runs on, and ends with its input.
    os.kill(command, 0)
    program.process.stdin.close()


# The command


@pytest.mark.parametrize("code", [0, 1, 75, 127, 255])
def test_the_commands_exit_code_is_passed_on(hold, code):
    assert hold(command=["sh", "-c", f"exit {code}"]).end()[0] == code


def test_a_command_that_dies_of_a_signal_is_128_more(hold):
    assert hold(command=["sh", "-c", "kill -9 $$"]).end()[0] == 128 + 9


@pytest.mark.parametrize("name", ["TERM", "INT", "HUP", "QUIT", "USR1", "USR2"])
def test_a_signal_is_passed_on_to_the_command(hold, coordinator, name):
    script = f"trap 'echo heard; exit 7' {name}; echo running; while :; do read line; done"
    program = hold(command=["bash", "-c", script])
    program.line("running")
    gate = coordinator.gate("d")
    gate.shows(CAMERA, "deferred")
    program.signal(signal.Signals["SIG" + name])
    program.line("heard")
    gate.released()
    assert program.end()[0] == 7


def test_a_command_that_does_not_exist_is_127_before_anything_is_subscribed(
    hold, daemon, coordinator
):
    code, output, errors = hold(command=["no-such-command"]).end()
    assert (code, output) == (NOT_FOUND, [])
    assert "no-such-command" in text(errors)
    assert CAMERA not in daemon.log.read_text()


def test_a_command_that_cannot_be_started_holds_nothing(hold, coordinator, directory):
    # A program for a machine that no emulator is registered for: only its start tells.
    path = pathlib.Path(directory, "no-program")
    program = pathlib.Path("/bin/true").read_bytes()
    path.write_bytes(program[:18] + b"\x34\x12" + program[20:])
    path.chmod(0o755)
    gate = coordinator.gate("d", policy={"require": [CAMERA]})
    code, _, errors = hold(command=[path]).end()
    assert code == NOT_FOUND
    assert "cannot start" in text(errors)
    started = time.monotonic()
    assert gate.released()["basis"] == "consent"
    assert time.monotonic() - started < 4


def test_a_command_that_ends_at_once_is_no_silence(hold, coordinator):
    policy = {"require": [CAMERA], "onSilence": "refuse"}
    for number in range(25):
        gate = coordinator.gate(f"d-{number}", policy)
        assert hold("--if-underway", "proceed", command=["true"]).end()[0] == 0
        assert gate.released()["basis"] == "consent"
        coordinator.complete(gate.deployment)


# An update that is under way


def overridden(daemon, coordinator):
    """An update that this component may not hold back any longer, and that waits for another."""
    camera, robot = daemon.component(), daemon.component("com.example.Robot")
    gate = coordinator.gate("d", policy={"maxTotalDeferMs": 300})
    robot.notice()
    robot.acknowledge("d")
    camera.notice()
    camera.defer("d", HOUR)
    assert gate.released()["overridden"] == [CAMERA]
    return camera


def sockets_of_holds():
    return set(re.findall(r"@(reprieve-hold-\w+)", pathlib.Path("/proc/net/unix").read_text()))


def test_what_any_process_sends_to_its_socket_does_not_let_an_update_go(hold, coordinator):
    before = sockets_of_holds()
    program = hold()
    program.line("running")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as other:
        for name in sockets_of_holds() - before:
            for message in ("d", " d", f"{name} d", f"{name}: d"):
                other.sendto(message.encode(), "\0" + name)
    gate = coordinator.gate("d")
    gate.shows(CAMERA, "deferred")
    let_end(program)
    assert gate.released()["basis"] == "consent"


def test_an_update_that_is_under_way_refuses_the_command(daemon, coordinator, hold):
    overridden(daemon, coordinator)
    code, output, errors = hold().end()
    assert (code, output) == (UNDERWAY, [])
    assert "the update d is under way" in text(errors)


def test_an_update_that_is_under_way_can_be_waited_for(daemon, coordinator, hold):
    overridden(daemon, coordinator)
    program = hold("--if-underway", "wait")
    program.error_line("waiting for its end")
    coordinator.complete("d")
    program.line("running")
    let_end(program)
    assert program.end()[0] == 0


def test_an_update_that_is_under_way_need_not_matter(daemon, coordinator, hold):
    overridden(daemon, coordinator)
    code, _, errors = hold("--if-underway", "proceed", command=["sh", "-c", "exit 4"]).end()
    assert code == 4
    assert "the update d is under way; COMMAND runs regardless" in text(errors)


def test_an_update_that_waits_for_others_only_is_under_way_too(directory, start, processes):
    daemon = start("--config", configuration(directory, CAMERA, "MaxTotalDefer=300ms"))
    camera, robot = daemon.component(), daemon.component("com.example.Robot")
    gate = daemon.coordinator().gate("d")
    robot.notice()
    camera.notice()
    camera.defer("d", HOUR)
    gate.shows(CAMERA, "overridden")
    arguments = ["hold", "--why", "x", "--", "echo", "ran"]
    code, output, _ = processes.reprieve_component(daemon, *arguments).end()
    assert (code, output) == (UNDERWAY, [])


def test_a_deferral_that_is_refused_at_once_is_said(daemon, coordinator, hold):
    """The gate opens for the others while the command begins."""
    program = hold()
    program.line("running")
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 0})
    gate.released()
    program.error_line("is not deferred, despite: flashing")
    let_end(program, 6)
    assert program.end()[0] == 6


def test_a_broker_that_crashes_does_not_end_the_wait(daemon, coordinator, hold, start):
    overridden(daemon, coordinator)
    program = hold("--if-underway", "wait")
    program.error_line("waiting for its end")
    daemon.kill()
    program.error_line("COMMAND waits")
    coordinator = start().coordinator()
    # It is back: an update that needs it is put off.
    coordinator.gate("e", policy={"require": [CAMERA]}).shows(CAMERA, "deferred")
    coordinator.complete("d")
    program.line("running")
    let_end(program)
    assert program.end()[0] == 0


def test_a_wait_for_the_end_of_an_update_can_be_interrupted(daemon, coordinator, hold):
    overridden(daemon, coordinator)
    program = hold("--if-underway", "wait")
    program.error_line("waiting for its end")
    program.signal(signal.SIGTERM)
    code, output, _ = program.end()
    assert (code, output) == (128 + 15, [])


def test_an_update_of_other_components_is_none_of_its_business(coordinator, hold):
    gate = coordinator.gate("d", components=["com.example.Robot"])
    gate.released()
    assert hold(command=["true"]).end()[0] == 0


# Brokers that are not there


def test_without_a_broker_the_command_runs_with_a_warning(directory, processes):
    options = ["--why", "x", "--component-socket", f"{directory}/none"]
    program = processes.start(BUILD / "reprieve", "hold", *options, "--", "sh", "-c", "exit 3")
    code, _, errors = program.end()
    assert code == 3
    assert sum(f"{directory}/none" in line for line in errors) == 1


def test_a_closed_standard_error_does_not_end_it(directory, processes):
    reading, writing = os.pipe()
    os.close(reading)
    options = ["--why", "x", "--component-socket", f"{directory}/none"]
    script = "trap 'exit 4' PIPE; kill -PIPE $$; exit 3"
    command = ["hold", *options, "--", "sh", "-c", script]
    program = processes.start(BUILD / "reprieve", *command, stderr=writing)
    os.close(writing)
    # Its command can be ended by that signal as ever.
    assert program.end()[0] == 4


def test_a_broker_that_appears_later_is_held_too(directory, processes, start):
    options = ["--why", "flashing", "--component", CAMERA]
    options += ["--component-socket", f"{directory}/ipc.socket"]
    program = processes.start(BUILD / "reprieve", "hold", *options, "--", *WAITING, stdin=-1)
    program.line("running")
    gate = start().coordinator().gate("d", policy={"require": [CAMERA]})
    gate.shows(CAMERA, "deferred")
    let_end(program)
    gate.released()


def test_a_broker_that_crashes_is_held_again(hold, daemon, start):
    program = hold()
    program.line("running")
    gate = daemon.coordinator().gate("d")
    gate.shows(CAMERA, "deferred")
    daemon.kill()
    coordinator = start().coordinator()
    gate = coordinator.gate("d")
    assert gate.response["attached"] is True
    # It is back: another update waits for it as well.
    another = coordinator.gate("e", policy={"require": [CAMERA]}, exclusive=False)
    another.shows(CAMERA, "deferred")
    let_end(program)
    assert gate.released()["basis"] == "consent"
    assert another.released()["basis"] == "consent"


def test_a_broker_that_denies_the_component_is_77_and_the_command_does_not_run(
    directory, start, processes
):
    daemon = start("--config", configuration(directory, CAMERA, "Subscribe=no"))
    arguments = ["hold", "--why", "x", "--", "echo", "ran"]
    code, output, errors = processes.reprieve_component(daemon, *arguments).end()
    assert (code, output) == (NOT_PERMITTED, [])
    assert CAMERA in text(errors)


def test_a_component_without_a_name_is_told_how_to_get_one(daemon, processes):
    options = ["--why", "x", "--component-socket", daemon.component_socket]
    program = processes.start(BUILD / "reprieve", "hold", *options, "--", "echo", "ran")
    code, output, errors = program.end()
    assert (code, output) == (NOT_PERMITTED, [])
    assert "(--component)" in text(errors)


def test_greengrass_says_where_and_who(daemon, processes, coordinator):
    names = {"AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": daemon.component_socket}
    names |= {"SVCUID": "com.example.FromGreengrass", "PATH": os.environ["PATH"]}
    arguments = [BUILD / "reprieve", "hold", "--why", "x", "--", *WAITING]
    program = processes.start(*arguments, stdin=-1, env=names)
    program.line("running")
    gate = coordinator.gate("d")
    gate.shows("com.example.FromGreengrass", "deferred")
    let_end(program)
    gate.released()


# New work while an update waits


@pytest.fixture
def waiting(daemon, coordinator):
    """A robot that holds an update back, and the update's gate."""
    robot = daemon.component("com.example.Robot")
    gate = coordinator.gate("d-41")
    robot.notice()
    robot.defer("d-41", HOUR)
    return robot, gate


def test_with_wait_the_command_begins_when_the_update_that_waited_is_over(
    hold, waiting, coordinator
):
    robot, gate = waiting
    program = hold("--if-waiting", "wait")
    assert "d-41" in program.error_line("COMMAND begins when it is over")
    gate.shows(CAMERA, "acknowledged")
    robot.acknowledge("d-41")
    assert gate.released()["basis"] == "consent"
    coordinator.complete("d-41")
    program.line("running")
    gate = coordinator.gate("d-42", components=[CAMERA])
    assert gate.shows(CAMERA, "deferred")["message"] == "flashing"
    let_end(program)
    assert gate.released()["basis"] == "consent"


def test_with_wait_the_command_begins_when_the_update_is_cancelled(hold, waiting, coordinator):
    program = hold("--if-waiting", "wait")
    program.error_line("COMMAND begins when it is over")
    coordinator.cancel("d-41", "not today")
    program.line("running")
    let_end(program)
    assert program.end()[0] == 0


def test_with_refuse_the_command_does_not_run_while_an_update_waits(hold, waiting):
    _, gate = waiting
    code, output, errors = hold("--if-waiting", "refuse").end()
    assert (code, output) == (UPDATE_WAITS, [])
    assert "the update d-41 waits" in text(errors)


@pytest.mark.parametrize("choice", ["wait", "refuse"])
def test_without_an_update_the_command_begins_with(hold, choice):
    program = hold("--if-waiting", choice)
    program.line("running")
    let_end(program)
    assert program.end()[0] == 0


def test_what_is_held_already_runs_on_while_new_work_waits(hold, coordinator):
    first = hold()
    first.line("running")
    gate = coordinator.gate("d-41")
    gate.shows(CAMERA, "deferred")
    second = hold("--if-waiting", "wait", name="com.example.Robot")
    second.error_line("COMMAND begins when it is over")
    assert coordinator.status()["updates"][0]["blockedBy"] == [CAMERA]
    let_end(first)
    assert first.end()[0] == 0
    assert gate.released()["basis"] == "consent"
    coordinator.complete("d-41")
    second.line("running")


def test_an_update_that_does_not_concern_the_component_delays_no_new_work(
    hold, daemon, coordinator
):
    robot = daemon.component("com.example.Robot")
    coordinator.gate("d-41", components=["com.example.Robot"])
    robot.notice()
    robot.defer("d-41", HOUR)
    hold("--if-waiting", "refuse").line("running")
