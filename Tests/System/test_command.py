# SPDX-License-Identifier: Apache-2.0
"""The command `reprieve`: what it runs, and what it prints."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import time

import pytest
from daemon import BUILD, NOBODY
from expect import CAMERA, HOUR, history
from protocol import message

pytestmark = pytest.mark.skipif(
    not (BUILD / "reprieve").exists(), reason="the command is not built"
)

NOT_RELEASED, CANCELLED, NOT_FOUND = 75, 76, 127


@pytest.fixture
def reprieve(daemon, processes):
    def start(*arguments, **options):
        return processes.reprieve(daemon, *arguments, **options)

    return start


def text(lines):
    return "\n".join(lines)


# gate, and what it runs


def test_gate_announces_waits_runs_and_reports(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--deployment-id", "d", "--reason", "why", "--", "echo", "updated")
    notice = camera.notice()
    assert (notice["deploymentId"], notice["reason"]) == ("d", "why")
    assert notice["isGgcRestarting"] is False
    camera.acknowledge("d")
    post = camera.post()
    assert (post["deploymentId"], post["outcome"]) == ("d", "applied")
    code, output, errors = gate.end()
    assert (code, output) == (0, ["updated"])
    assert "all components are ready" in text(errors)


def test_nothing_runs_before_the_gate_has_opened(daemon, reprieve, directory):
    camera = daemon.component()
    gate = reprieve("gate", "--", "touch", f"{directory}/touched")
    deployment = camera.notice()["deploymentId"]
    camera.defer(deployment, HOUR)
    gate.error_line("waiting for com.example.Camera")
    assert not os.path.exists(f"{directory}/touched")
    camera.acknowledge(deployment)
    assert gate.end()[0] == 0
    assert os.path.exists(f"{directory}/touched")


def test_the_command_knows_what_the_gate_opened_on(daemon, reprieve):
    quiet, camera = daemon.component("com.example.Quiet"), daemon.component()
    options = ["--response-timeout", "1s", "--deployment-id", "d", "--max-total-defer", "900ms"]
    script = 'echo "$REPRIEVE_DEPLOYMENT_ID|$REPRIEVE_BASIS|$REPRIEVE_SILENT|$REPRIEVE_OVERRIDDEN"'
    gate = reprieve("gate", *options, "--", "sh", "-c", script)
    quiet.notice()
    camera.notice()
    camera.defer("d", HOUR)
    code, output, _ = gate.end()
    assert code == 0
    assert output == ["d|capped|com.example.Quiet|com.example.Camera"]


@pytest.mark.parametrize("code", [1, 3, 69, 75, 255])
def test_the_commands_own_exit_code_is_passed_on(daemon, reprieve, code):
    camera = daemon.component()
    gate = reprieve("gate", "--response-timeout", "0s", "--", "sh", "-c", f"exit {code}")
    assert gate.end()[0] == code
    camera.notice()
    assert camera.post()["outcome"] == "failed"


def test_a_command_that_dies_of_a_signal_is_128_more(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--response-timeout", "0s", "--", "sh", "-c", "kill -9 $$")
    assert gate.end()[0] == 128 + 9
    camera.notice()
    assert camera.post()["outcome"] == "failed"


@pytest.mark.parametrize("command", ["no-such-command", "./no/such/command", "/etc/passwd", "/"])
def test_a_command_that_does_not_exist_is_said_before_anything_is_announced(
    daemon, reprieve, undisturbed, command
):
    code, output, errors = reprieve("gate", "--", command).end()
    assert (code, output) == (NOT_FOUND, [])
    assert command in text(errors)
    assert undisturbed.connection.is_quiet(0.1)


def test_a_signal_goes_to_the_running_command(daemon, reprieve):
    script = "trap 'exit 7' TERM; echo ready; sleep 60 >/dev/null 2>&1 & wait"
    gate = reprieve("gate", "--", "sh", "-c", script)
    gate.line("ready")
    gate.signal(signal.SIGTERM)
    assert gate.end()[0] == 7


def test_an_update_without_a_command_stays_released_until_it_is_completed(
    daemon, coordinator, reprieve
):
    camera = daemon.component()
    gate = reprieve("gate")
    deployment = camera.notice()["deploymentId"]
    camera.acknowledge(deployment)
    code, output, errors = gate.end()
    assert (code, output) == (0, [deployment])
    hint = f"reprieve complete --control-socket {daemon.control_socket} {deployment}"
    assert hint in text(errors)
    assert coordinator.status()["updates"][0]["state"] == "released"
    complete = reprieve("complete", deployment, "--outcome", "rolled-back", "--message", "no room")
    assert complete.end()[0] == 0
    post = camera.post()
    assert (post["outcome"], post["message"]) == ("rolledBack", "no room")


def test_a_command_that_only_starts_a_reboot_leaves_the_update_released(
    daemon, coordinator, reprieve
):
    camera = daemon.component()
    options = ["--deployment-id", "d", "--reboots", "--response-timeout", "0s"]
    assert reprieve("gate", *options, "--", "true").end()[0] == 0
    camera.notice()
    assert coordinator.status()["updates"][0]["state"] == "released"
    assert camera.connection.is_quiet(0.1)


def test_a_command_that_fails_to_start_a_reboot_has_failed(daemon, reprieve):
    camera = daemon.component()
    options = ["--deployment-id", "d", "--reboots", "--response-timeout", "0s"]
    assert reprieve("gate", *options, "--", "sh", "-c", "exit 4").end()[0] == 4
    camera.notice()
    assert camera.post()["outcome"] == "failed"


@pytest.mark.parametrize(
    "script",
    ["kill -TERM $$", "trap 'exit 1' TERM; echo up; sleep 60 >/dev/null 2>&1 & wait"],
)
def test_a_command_that_the_reboot_ends_has_not_failed(daemon, coordinator, reprieve, script):
    camera = daemon.component()
    options = ["--deployment-id", "d", "--reboots", "--response-timeout", "0s"]
    gate = reprieve("gate", *options, "--", "sh", "-c", script)
    camera.notice()
    if "echo" in script:
        gate.line("up")
        gate.signal(signal.SIGTERM)
    assert gate.end()[0] != 0
    assert coordinator.status()["updates"][0]["state"] == "released"
    assert camera.connection.is_quiet(0.1)


def test_what_an_update_stops_is_told_everywhere(daemon, coordinator, reprieve):
    camera = daemon.component()
    options = ["--disruption", "power-off", "--reboots", "--deployment-id", "d"]
    gate = reprieve("gate", *options, "--", "sh", "-c", "echo $REPRIEVE_DISRUPTION")
    notice = camera.notice()
    assert (notice["disruption"], notice["isGgcRestarting"]) == ("power-off", True)
    assert coordinator.status()["updates"][0]["disruption"] == "power-off"
    assert "powers the machine off" in reprieve("status").end()[1][0]
    camera.acknowledge("d")
    assert gate.end()[:2] == (0, ["power-off"])
    assert history(daemon)[0]["disruption"] == "power-off"
    assert any("powers the machine off" in line for line in reprieve("history").end()[1])


def test_the_options_of_gate_reach_the_components(daemon, coordinator, reprieve):
    camera, robot = daemon.component(), daemon.component("com.example.Robot")
    options = ["--restarts-nucleus", "--component", CAMERA, "--require", "com.example.Late"]
    options += ["--component", "com.example.Late", "--deadline", "1h", "--max-defer", "10m"]
    gate = reprieve("gate", "--deployment-id", "d", *options)
    notice = camera.notice()
    assert notice["isGgcRestarting"] is True
    assert notice["components"] == [CAMERA, "com.example.Late"]
    assert notice["maxDeferMs"] == 600_000
    assert 3_590_000 < notice["deadlineInMs"] <= HOUR
    camera.acknowledge("d")
    assert coordinator.status()["updates"][0]["blockedBy"] == ["com.example.Late"]
    late = daemon.component("com.example.Late")
    late.notice()
    late.acknowledge("d")
    assert gate.end()[0] == 0
    assert robot.connection.is_quiet(0.1)


def test_skipping_the_notices_tells_nobody(daemon, reprieve):
    camera = daemon.component()
    assert reprieve("gate", "--skip-notify", "--", "true").end()[0] == 0
    assert camera.connection.is_quiet(0.1)


# Ends without a release


def test_a_silence_that_refuses_is_75(daemon, reprieve):
    camera = daemon.component()
    options = ["--on-silence", "refuse", "--response-timeout", "200ms"]
    code, _, errors = reprieve("gate", *options, "--", "echo", "no").end()
    assert code == NOT_RELEASED
    assert "com.example.Camera" in text(errors)
    camera.notice()
    assert camera.post()["outcome"] == "cancelled"


def test_no_wait_cancels_at_the_first_deferral(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--no-wait", "--deployment-id", "d", "--", "echo", "no")
    camera.notice()
    camera.defer("d", 60_000, message="recording")
    code, output, errors = gate.end()
    assert (code, output) == (NOT_RELEASED, [])
    assert "com.example.Camera" in text(errors) and "recording" in text(errors)
    assert camera.post()["outcome"] == "cancelled"


def test_a_deferral_that_is_over_at_once_is_one_all_the_same(daemon, reprieve):
    camera, robot = daemon.component(), daemon.component("com.example.Robot")
    gate = reprieve("gate", "--no-wait", "--deployment-id", "d", "--", "echo", "no")
    camera.notice()
    operation = "aws.greengrass#DeferComponentUpdate"
    frames = [
        message(0, stream=stream, operation=operation, payload=json.dumps(payload).encode())
        for stream, payload in [
            (2, {"deploymentId": "d", "recheckAfterMs": 60_000}),
            (3, {"deploymentId": "d", "recheckAfterMs": 0}),
        ]
    ]
    # In one turn of the broker's, which shows only how things stand after it.
    camera.connection.send(b"".join(frames))
    assert gate.end()[0] == NOT_RELEASED
    assert camera.post()["outcome"] == "cancelled"
    robot.notice()
    assert robot.post()["outcome"] == "cancelled"


def test_no_wait_does_not_wait_for_another_update(daemon, reprieve):
    coordinator = daemon.coordinator()
    coordinator.gate("first", components=["com.example.Nobody"]).released()
    arguments = ["gate", "--no-wait", "--", "echo", "now"]
    code, output, errors = reprieve(*arguments).end()
    assert (code, output) == (NOT_RELEASED, [])
    assert "not ready: update first comes first" in text(errors)
    coordinator.complete("first")
    assert reprieve(*arguments).end()[:2] == (0, ["now"])


def test_no_wait_goes_ahead_if_all_components_are_ready(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--no-wait", "--deployment-id", "d", "--", "echo", "yes")
    camera.notice()
    camera.acknowledge("d")
    assert gate.end()[:2] == (0, ["yes"])


def test_an_update_that_is_cancelled_is_76(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--deployment-id", "d", "--", "echo", "no")
    camera.notice()
    assert reprieve("cancel", "d", "--reason", "wrong version").end()[0] == 0
    code, output, errors = gate.end()
    assert (code, output) == (CANCELLED, [])
    assert "wrong version" in text(errors)
    assert camera.post()["message"] == "wrong version"


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_ctrl_c_cancels_the_update_and_tells_the_components(daemon, reprieve, number, code):
    camera = daemon.component()
    gate = reprieve("gate", "--deployment-id", "d", "--", "echo", "no")
    camera.notice()
    camera.defer("d", HOUR)
    gate.error_line("waiting for")
    gate.signal(number)
    ended, output, _ = gate.end()
    assert (ended, output) == (code, [])
    assert camera.post()["outcome"] == "cancelled"


def test_forcing_opens_the_gate(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--deployment-id", "d", "--", "sh", "-c", "echo $REPRIEVE_BASIS")
    camera.notice()
    camera.defer("d", HOUR)
    assert reprieve("force", "d", "--reason", "it is urgent").end()[0] == 0
    assert gate.end()[:2] == (0, ["forced"])


def test_a_deadline_of_0_tells_the_components_and_does_not_wait(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--deadline", "0s", "--", "sh", "-c", "echo $REPRIEVE_BASIS")
    assert gate.end()[:2] == (0, ["deadline"])
    assert camera.notice()["deadlineInMs"] == 0
    assert camera.post()["outcome"] == "applied"


# Without a broker


def test_without_a_broker_an_update_can_go_ahead_all_the_same(directory, processes):
    options = ["--control-socket", f"{directory}/none.socket", "--without-broker", "proceed"]
    program = processes.start(BUILD / "reprieve", "gate", *options, "--", "echo", "alone")
    code, output, errors = program.end()
    assert (code, output) == (0, ["alone"])
    assert f"{directory}/none.socket" in text(errors)


# What is printed


def test_json_is_one_event_a_line_and_the_last_is_the_end(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--json", "--deployment-id", "d")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    camera.acknowledge("d")
    code, output, _ = gate.end()
    assert code == 0
    *progress, last, end = [json.loads(line) for line in output]
    assert progress and all(list(event) == ["progress"] for event in progress)
    released = last["released"]
    assert released.pop("waitedMs") >= 0
    assert released == {
        "deploymentId": "d",
        "basis": "consent",
        "participants": [CAMERA],
        "silent": [],
        "overridden": [],
    }
    assert end["ended"]["result"] == "released"


def test_json_of_a_cancelled_update_ends_with_cancelled(daemon, coordinator, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--json", "--deployment-id", "d")
    camera.notice()
    coordinator.cancel("d", "r")
    code, output, _ = gate.end()
    assert code == CANCELLED
    assert json.loads(output[-2])["cancelled"]["reason"] == "r"
    assert json.loads(output[-1])["ended"]["result"] == "cancelled"


def test_status_json_is_the_brokers_document(daemon, coordinator, reprieve):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    code, output, _ = reprieve("status", "--json").end()
    assert (code, len(output)) == (0, 1)
    document = json.loads(output[0])
    (update,) = document["updates"]
    assert update["blockedBy"] == [CAMERA]
    assert update["participants"][0]["message"] == "recording"
    assert document["components"][0]["component"] == CAMERA


def test_status_names_the_blocking_components_and_why(daemon, coordinator, reprieve):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    code, output, _ = reprieve("status").end()
    assert code == 0
    row = next(line for line in output if CAMERA in line)
    assert "deferred" in row and "recording" in row


def test_watching_the_status_prints_each_change(daemon, coordinator, reprieve):
    camera = daemon.component()
    watch = reprieve("status", "--watch", "--json")
    watch.line('"updates":[]')
    coordinator.gate("d")
    watch.line('"state":"asked"')
    camera.defer("d", HOUR)
    watch.line('"state":"deferred"')
    watch.signal(signal.SIGTERM)
    watch.end()


def test_in_a_pipe_the_progress_is_one_line_a_change(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--deployment-id", "d", "--", "true")
    camera.notice()
    gate.error_line("waiting for com.example.Camera (asked)")
    camera.defer("d", 60_000, message="recording")
    gate.error_line("waiting for com.example.Camera (recording)")
    camera.defer("d", 60_000, message="saving")
    gate.error_line("waiting for com.example.Camera (saving)")
    camera.acknowledge("d")
    code, _, errors = gate.end()
    assert code == 0
    assert sum("waiting for" in line for line in errors) == 3
    assert "\r" not in text(errors) and "\x1b" not in text(errors)


def test_on_a_terminal_the_progress_is_one_line_redrawn(daemon, processes):
    camera = daemon.component()
    ours, theirs = pty.openpty()
    gate = processes.reprieve(daemon, "gate", "--deployment-id", "d", "--", "true", stderr=theirs)
    os.close(theirs)
    camera.notice()
    seen = read_until(ours, b"(asked)")
    camera.defer("d", 60_000, message="recording")
    seen += read_until(ours, b"(recording)")
    camera.acknowledge("d")
    assert gate.end()[0] == 0
    seen += read_until(ours, b"applied")
    os.close(ours)
    # What a terminal would show: a carriage return starts the line again.
    drawn = re.split(rb"[\r\n]+", seen)
    assert len([line for line in drawn if b"waiting for" in line]) >= 2
    lines = seen.replace(b"\r\n", b"\n").split(b"\n")
    kept = [line.rsplit(b"\r", 1)[-1] for line in lines]
    assert not any(b"waiting for" in line for line in kept), kept


def read_until(descriptor, text, timeout=10):
    seen, end = b"", time.monotonic() + timeout
    while text not in seen:
        ready, _, _ = select.select([descriptor], [], [], max(0, end - time.monotonic()))
        assert ready, f"{text!r} does not appear in {seen!r}"
        seen += os.read(descriptor, 65536)
    return seen


def test_what_a_component_says_cannot_rule_the_terminal(daemon, coordinator, reprieve):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR, message="\x1b[2J\x07\rgone")
    code, output, _ = reprieve("status").end()
    assert code == 0
    assert not set("\x1b\x07\r") & set(text(output))
    assert "gone" in text(output)


def test_a_second_gate_for_the_same_update_joins_the_first(daemon, reprieve):
    camera = daemon.component()
    first = reprieve("gate", "--deployment-id", "d")
    camera.notice()
    first.error_line("announced")
    second = reprieve("gate", "--deployment-id", "d")
    second.error_line("joined")
    camera.acknowledge("d")
    assert first.end()[0] == second.end()[0] == 0


def test_gate_attaches_again_when_the_broker_was_restarted(start, processes):
    first = start()
    camera = first.component()
    gate = processes.reprieve(first, "gate", "--deployment-id", "d", "--", "echo", "done")
    camera.notice()
    first.kill()
    gate.error_line("trying again")
    second = start()
    gate.error_line("joined")
    camera = second.component()
    camera.notice()
    camera.acknowledge("d")
    assert gate.end()[:2] == (0, ["done"])
    assert second.coordinator().status()["updates"] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize(
    "arguments, code", [(["status"], 74), (["gate", "--", "true"], 74), (["status", "--motd"], 0)]
)
def test_a_command_that_finds_no_thread_does_not_wait_for_one(arguments, code):
    command = ["prlimit", "--nproc=1", BUILD / "reprieve", *arguments]
    run = subprocess.run(command, user=NOBODY, capture_output=True, text=True, timeout=30)
    assert run.returncode == code, run.stderr
    assert ("cannot start a thread" in run.stderr) == (code != 0)
