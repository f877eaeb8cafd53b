# SPDX-License-Identifier: Apache-2.0
"""`reprieve listen`: a component whose answers are a command's exit codes."""

import os
import pathlib
import signal
import stat

import pytest
from daemon import BUILD
from expect import CAMERA, HOUR

NOT_PERMITTED, NOT_FOUND = 77, 127


@pytest.fixture
def listen(daemon, processes, directory):
    """Listens with a script, which tells on standard error what it was told."""

    def start(script, *arguments, of=daemon, **options):
        path = pathlib.Path(directory, "answer")
        path.write_text(f"#!/bin/sh\nsay() {{ echo \"$@\" >&2; }}\n{script}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        program = processes.reprieve_component(
            of, "listen", "--exec", path, *arguments, **options
        )
        program.error_line("listening")
        return program

    return start


@pytest.fixture
def fifo(directory):
    path = pathlib.Path(directory, "fifo")
    os.mkfifo(path)
    return path


def text(lines):
    return "\n".join(lines)


# Answers


def test_0_acknowledges_and_the_gate_opens(listen, coordinator):
    listen("exit 0")
    assert coordinator.gate("d").released()["basis"] == "consent"


def test_75_defers_for_as_long_as_it_says_and_then_is_asked_again(listen, coordinator, directory):
    recording = pathlib.Path(directory, "recording")
    recording.touch()
    listen(f"if [ -e {recording} ]; then echo '300ms recording a film'; exit 75; fi")
    gate = coordinator.gate("d")
    participant = gate.shows(CAMERA, "deferred")
    assert participant["message"] == "recording a film"
    assert participant["untilMs"] <= 300
    gate.shows(CAMERA, "deferred")
    recording.unlink()
    assert gate.released()["basis"] == "consent"


@pytest.mark.parametrize("output", ["", "recording", "0s busy", "-5s", "10", "5 s recording"])
def test_75_without_a_duration_is_a_usual_deferral_and_a_warning(listen, coordinator, output):
    program = listen(f"echo '{output}'; exit 75")
    gate = coordinator.gate("d")
    participant = gate.shows(CAMERA, "deferred")
    assert 25_000 < participant["untilMs"] <= 30_000
    program.error_line("without a duration")


def test_what_was_granted_is_said(listen, coordinator):
    program = listen("echo 5h; exit 75")
    coordinator.gate("d", policy={"maxDeferMs": HOUR}).shows(CAMERA, "deferred")
    program.error_line("update d is deferred for 60 min")


def test_only_the_first_line_is_read(listen, coordinator):
    listen("echo '1h  two words '; echo more; exit 75")
    assert coordinator.gate("d").shows(CAMERA, "deferred")["message"] == "two words "


def test_any_other_exit_code_acknowledges_with_a_warning(listen, coordinator):
    program = listen("exit 3")
    assert coordinator.gate("d").released()["basis"] == "consent"
    program.error_line("ended with exit code 3: taken as an acknowledgement")


def test_a_command_that_crashes_is_silent_with_a_warning(listen, coordinator):
    program = listen("kill -SEGV $$")
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 1_000})
    assert gate.released()["basis"] == "silence"
    program.error_line("killed by signal 11: no answer is given")


def test_a_command_that_is_gone_is_silent_with_a_warning(listen, coordinator, directory):
    program = listen("exit 0")
    pathlib.Path(directory, "answer").unlink()
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 1_000})
    assert gate.released()["basis"] == "silence"
    program.error_line("cannot start")
    program.error_line("COMMAND did not run: no answer is given")


def test_a_hook_is_run_for_the_final_notice(listen, coordinator, daemon):
    robot = daemon.component("com.example.Robot")
    program = listen('say "$REPRIEVE_EVENT $REPRIEVE_ROUND final=$REPRIEVE_FINAL"')
    gate = coordinator.gate("d")
    program.error_line("notice 1 final=false")
    robot.notice()
    robot.defer("d", HOUR)
    gate.shows("com.example.Robot", "deferred")
    robot.acknowledge("d")
    program.error_line("notice 2 final=true")
    gate.released()


def test_more_output_than_a_pipe_holds_does_not_stall_it(listen, coordinator):
    listen("echo '1h loud'; head -c 1000000 /dev/zero; exit 75")
    assert coordinator.gate("d").shows(CAMERA, "deferred")["message"] == "loud"


def test_what_it_leaves_running_with_its_output_does_not_delay_the_answer(listen, coordinator):
    listen("sleep 30 & echo $! > $0.pid; echo '1h busy'; exit 75")
    gate = coordinator.gate("d")
    assert gate.shows(CAMERA, "deferred")["message"] == "busy"


# What it is told


def test_a_notice_is_in_the_environment(listen, coordinator):
    # What the tests themselves were given is not of the notice.
    notice = 'env | grep ^REPRIEVE_ | grep -Ev "^REPRIEVE_(BUILD|PACKAGE)="'
    program = listen(notice + ' | while read -r line; do say "$line"; done')
    policy = {"responseTimeoutMs": 20_000, "deadlineMs": HOUR, "maxDeferMs": 5_000}
    coordinator.gate(
        "d", policy, reason="a; b $(c)", isGgcRestarting=True, components=[CAMERA, "x.y"]
    )
    lines = [program.error_line("REPRIEVE_") for _ in range(15)]
    seen = dict(line.removeprefix("REPRIEVE_").split("=", 1) for line in lines)
    assert 18_000 < int(seen.pop("RESPOND_BY_MS")) <= 20_000
    assert HOUR - 2_000 < int(seen.pop("DEADLINE_IN_MS")) <= HOUR
    assert seen == {
        "EVENT": "notice",
        "DEPLOYMENT_ID": "d",
        "REASON": "a; b $(c)",
        "DISRUPTION": "nucleus",
        "RESTARTS_NUCLEUS": "true",
        "COMPONENTS": f"{CAMERA},x.y",
        "COMPONENTS_COUNT": "2",
        "ROUND": "1",
        "FINAL": "false",
        "LAST_CALL": "false",
        "MAX_DEFER_MS": "5000",
        "OUTCOME": "",
        "MESSAGE": "",
    }


def test_a_last_call_is_told_as_such(listen, coordinator):
    program = listen('say "last=$REPRIEVE_LAST_CALL"; echo 1h busy; exit 75')
    gate = coordinator.gate("d", policy={"maxTotalDeferMs": 600})
    program.error_line("last=false")
    program.error_line("last=true")
    assert gate.released()["basis"] == "capped"


def test_an_outcome_is_told_and_its_exit_code_counts_for_nothing(listen, coordinator):
    program = listen('say "$REPRIEVE_EVENT $REPRIEVE_OUTCOME $REPRIEVE_MESSAGE"; exit 0')
    coordinator.gate("d").released()
    coordinator.complete("d", "rolledBack", message="no room")
    program.error_line("outcome rolledBack no room")
    assert coordinator.gate("e").released()["basis"] == "consent"


def test_arguments_are_passed_on_and_no_shell_reads_them(listen, coordinator):
    program = listen('for each in "$@"; do say "<$each>"; done', "--", "a b", "$(c)", "")
    coordinator.gate("d")
    for argument in ("<a b>", "<$(c)>", "<>"):
        program.error_line(argument)


def test_it_has_no_input_and_what_it_prints_is_passed_on(listen, coordinator):
    program = listen("cat; echo printed")
    coordinator.gate("d").released()
    program.line("printed")


# Time


def test_a_command_that_takes_too_long_is_ended_and_the_component_is_silent(
    listen, coordinator, fifo
):
    # Its child shares its process group, and heeds no SIGTERM.
    program = listen(f"exec 9> {fifo}; (trap '' TERM; while :; do sleep 1; done) & wait; wait")
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 1_000})
    # No process has it open for writing any more.
    assert fifo.read_text() == ""
    assert gate.released()["silent"] == [CAMERA]
    program.error_line("gave no answer in time")


def test_a_command_that_is_told_to_end_may_still_defer(listen, coordinator):
    listen("trap 'echo 1h busy; exit 75' TERM; sleep 60 & wait")
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 2_000})
    assert gate.shows(CAMERA, "deferred")["message"] == "busy"
    assert "silent" not in str(gate.seen)


def test_of_the_notices_that_come_meanwhile_only_the_newest_counts(listen, coordinator, fifo):
    script = 'say "begin $REPRIEVE_EVENT $REPRIEVE_LAST_CALL"'
    program = listen(f'{script}; read line < {fifo}; say "end $line"')
    gate = coordinator.gate("d")
    program.error_line("begin notice false")
    # The last call and the outcome come while it runs.
    coordinator.force("d")
    assert gate.released()["basis"] == "forced"
    coordinator.complete("d")
    for word, next_line in [("first", "begin outcome"), ("second", "end second")]:
        fifo.write_text(word + "\n")
        program.error_line(next_line)
    program.signal(signal.SIGTERM)
    assert sum("begin" in line for line in program.end()[2]) == 2


def test_updates_do_not_wait_for_each_other(listen, coordinator, fifo):
    program = listen(f'[ $REPRIEVE_DEPLOYMENT_ID = e ] || {{ say slow; read line < {fifo}; }}')
    slow = coordinator.gate("d")
    program.error_line("slow")
    assert coordinator.gate("e").released()["basis"] == "consent"
    coordinator.complete("e")
    assert coordinator.status()["updates"][0]["blockedBy"] == [CAMERA]
    fifo.write_text("go\n")
    # The final notice.
    program.error_line("slow")
    fifo.write_text("go\n")
    assert slow.released()["basis"] == "consent"


# Its life


def test_a_broker_that_crashes_is_listened_to_again(listen, daemon, start):
    program = listen("exit 0")
    daemon.kill()
    again = start()
    program.error_line("trying again")
    program.error_line("listening")
    assert again.coordinator().gate("d").released()["participants"] == [CAMERA]


def test_it_waits_for_a_broker_that_is_not_there_yet(directory, processes, start):
    options = ["--component", CAMERA, "--component-socket", f"{directory}/ipc.socket"]
    program = processes.start(BUILD / "reprieve", "listen", *options, "--exec", "true")
    program.error_line(f"{directory}/ipc.socket")
    coordinator = start().coordinator()
    program.error_line("listening")
    assert coordinator.gate("d").released()["participants"] == [CAMERA]


def test_many_notices_leave_no_descriptor_behind(listen, coordinator):
    program = listen("exit 0")

    def ask(number):
        coordinator.gate(f"d-{number}").released()
        coordinator.complete(f"d-{number}")
        program.error_line(f"d-{number} is over")

    def descriptors():
        return len(os.listdir(f"/proc/{program.pid}/fd"))

    ask(0)
    before = descriptors()
    for number in range(1, 30):
        ask(number)
    # The command for the last outcome may still run.
    assert descriptors() <= before + 4


@pytest.mark.parametrize("number, code", [(15, 0), (2, 130), (1, 129)])
def test_a_signal_ends_it_and_what_runs(listen, coordinator, fifo, number, code):
    program = listen(f"exec 9> {fifo}; say running; sleep 60")
    coordinator.gate("d")
    with open(fifo, encoding="utf-8") as writers:
        program.error_line("running")
        program.signal(number)
        assert program.end()[0] == code
        assert writers.read() == ""


def test_what_runs_when_it_ends_is_told_so(listen, coordinator):
    program = listen("trap 'say told; exit 0' TERM; say running; sleep 60 2>&- >&- & wait")
    coordinator.gate("d")
    program.error_line("running")
    program.signal(signal.SIGTERM)
    program.error_line("told")
    assert program.end()[0] == 0


def test_a_command_that_does_not_exist_is_127_before_anything_is_subscribed(daemon, processes):
    arguments = ["listen", "--exec", "/no/such/command"]
    code, output, errors = processes.reprieve_component(daemon, *arguments).end()
    assert (code, output) == (NOT_FOUND, [])
    assert "/no/such/command" in text(errors)


def test_a_broker_that_denies_the_component_is_77(directory, start, processes):
    config = pathlib.Path(directory, "conf")
    config.write_text(f"[Component {CAMERA}]\nSubscribe=no\n")
    daemon = start("--config", config)
    arguments = ["listen", "--exec", "true"]
    assert processes.reprieve_component(daemon, *arguments).end()[0] == NOT_PERMITTED


def test_the_commands_of_60_updates_do_not_wait_for_each_other(listen, coordinator, fifo):
    program = listen(f"""[ $REPRIEVE_EVENT = notice ] || exit 0
[ $REPRIEVE_DEPLOYMENT_ID = last ] && exit 0
say started
read -r _ <{fifo}""")
    gates = [coordinator.gate(f"d{number}", exclusive=False) for number in range(59)]
    for _ in gates:
        program.error_line("started")
    # Its command ends while those of all others run.
    last = coordinator.gate("last", {"responseTimeoutMs": 4_000}, exclusive=False)
    assert last.released()["basis"] == "consent"
    with open(fifo, "r+b", buffering=0) as opened:
        opened.write(b"\n" * 200)
        for gate in gates:
            assert gate.released()["basis"] == "consent"
