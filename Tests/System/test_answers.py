# SPDX-License-Identifier: Apache-2.0
"""What the command says is what happened: outcomes, exit codes, hints and times."""

import json
import pathlib
import signal
import subprocess

import pytest
from daemon import BUILD
from expect import CAMERA, HOUR, ROBOT, refused

pytestmark = pytest.mark.skipif(
    not (BUILD / "reprieve").exists(), reason="the command is not built"
)

FAILED, WRONG, CONFLICT, UNKNOWN, NOT_NOW, DENIED, INTERRUPTED = 1, 64, 65, 66, 75, 77, 130


@pytest.fixture
def reprieve(daemon, processes):
    def start(*arguments, **options):
        return processes.reprieve(daemon, *arguments, **options)

    return start


def text(lines):
    return "\n".join(lines)


def ended(output):
    """What the last line of `gate --json` says."""
    ((kind, content),) = json.loads(output[-1]).items()
    assert kind == "ended", output[-1]
    return content


# complete


@pytest.mark.parametrize("second", ["failed", "rolledBack"])
def test_another_outcome_of_an_update_is_a_conflict(daemon, coordinator, second):
    coordinator.gate("d").released()
    coordinator.complete("d", "applied")
    coordinator.complete("d", "applied")
    refused(lambda: coordinator.complete("d", second), "ConflictError", "applied")


def test_complete_with_another_outcome_exits_as_a_conflict(coordinator, reprieve):
    coordinator.gate("d").released()
    assert reprieve("complete", "d").end()[0] == 0
    code, _, errors = reprieve("complete", "d", "--outcome", "failed").end()
    assert code == CONFLICT and "applied" in text(errors)


@pytest.mark.parametrize("id", ["d", "it's one", "-d", "two\nlines", "$(touch x)"])
def test_the_hint_to_complete_is_a_command_that_works(daemon, coordinator, processes, id):
    gate = processes.reprieve(daemon, "gate", f"--deployment-id={id}")
    code, _, errors = gate.end()
    assert code == 0
    hint = next(line for line in errors if "reprieve complete" in line)
    command = hint[hint.index("reprieve complete") :]
    assert str(daemon.control_socket) in command
    path = {"PATH": f"{BUILD}:/usr/bin:/bin"}
    run = subprocess.run(["bash", "-c", command], env=path, capture_output=True, timeout=20)
    assert run.returncode == 0, (command, run.stderr)
    assert coordinator.status()["updates"] == []


def test_an_outcome_that_an_operator_reported_first_is_not_contradicted(
    coordinator, reprieve, directory
):
    command = ["--deployment-id", "d", "--", "sh", "-c", "echo runs; read x; true"]
    gate = reprieve("gate", *command, stdin=subprocess.PIPE)
    gate.line("runs")
    coordinator.complete("d", "failed", message="by hand")
    gate.process.stdin.close()
    _, _, errors = gate.end()
    assert "told the outcome: applied" not in text(errors)
    assert "failed" in text(errors) and "reprieve complete" not in text(errors)


def test_a_broker_that_dies_while_command_runs_is_reported_at_once(start, processes):
    daemon = start()
    command = ["--", "sh", "-c", "echo runs; read x"]
    gate = processes.reprieve(daemon, "gate", *command, stdin=subprocess.PIPE)
    gate.line("runs")
    daemon.kill()
    gate.process.stdin.close()
    gate.error_line("to report the outcome", timeout=5)
    gate.signal(signal.SIGTERM)
    gate.end()


# hold


def test_a_refused_hold_says_which_update_and_how_to_end_it(daemon, coordinator, processes):
    coordinator.gate("d 1").released()
    hold = processes.reprieve_component(daemon, "hold", "--why", "x", "--", "true")
    code, _, errors = hold.end()
    assert code == NOT_NOW
    assert "reprieve complete --outcome failed 'd 1'" in text(errors)
    assert "COMMAND did not run" in text(errors)


def test_a_denied_hold_says_that_command_did_not_run(start, processes):
    daemon = start("--allow-unknown", "no")
    hold = processes.reprieve_component(daemon, "hold", "--why", "x", "--", "echo", "ran")
    code, output, errors = hold.end()
    assert (code, output) == (DENIED, [])
    assert "COMMAND did not run" in text(errors)


def test_a_denied_hold_runs_if_it_is_told_to(start, processes):
    daemon = start("--allow-unknown", "no")
    options = ["--why", "x", "--if-denied", "run", "--", "sh", "-c", "echo ran; exit 3"]
    hold = processes.reprieve_component(daemon, "hold", *options)
    code, output, errors = hold.end()
    assert (code, output) == (3, ["ran"])
    assert "no update is deferred" in text(errors)


def test_the_codes_of_hold_can_be_told_from_those_of_command(daemon, coordinator, processes):
    coordinator.gate("d").released()
    options = ["--why", "x", "--not-run-code", "200"]
    hold = processes.reprieve_component(daemon, "hold", *options, "--", "true")
    code, _, errors = hold.end()
    assert code == 200 and "COMMAND did not run" in text(errors)
    hold = processes.reprieve_component(daemon, "hold", *options, "--", "no-such-command")
    assert hold.end()[0] == 200
    coordinator.complete("d")
    hold = processes.reprieve_component(daemon, "hold", *options, "--", "sh", "-c", "exit 75")
    assert hold.end()[0] == 75


def test_the_last_event_of_a_gate_has_the_code_of_the_program(daemon, processes):
    options = ["--json", "--not-run-code", "200", "--require", "a.B"]
    options += ["--response-timeout", "100ms", "--no-wait"]
    code, output, _ = processes.reprieve(daemon, "gate", *options, "--", "true").end()
    assert (code, json.loads(output[-1])["ended"]["exitCode"]) == (200, 200)
    code, output, _ = processes.reprieve(daemon, "gate", *options[:3], "--", "false").end()
    assert (code, json.loads(output[-1])["ended"]["exitCode"]) == (1, 1)


# Several gates


def test_of_two_gates_for_one_update_one_runs_command(daemon, reprieve, directory):
    camera = daemon.component()
    ran = pathlib.Path(directory) / "ran"
    script = f"echo x >> {ran}; echo runs; read x; true"
    command = ["--deployment-id", "d", "--", "sh", "-c", script]
    first = reprieve("gate", *command, stdin=subprocess.PIPE)
    camera.notice()
    first.error_line("announced")
    second = reprieve("gate", *command)
    second.error_line("joined")
    camera.acknowledge("d")
    first.line("runs")
    second.error_line("another gate makes it")
    # One that comes while it runs waits, too.
    third = reprieve("gate", *command)
    third.error_line("another gate makes it")
    assert second.process.poll() is None and third.process.poll() is None
    first.process.stdin.close()
    assert [gate.end()[0] for gate in (second, third)] == [0, 0]
    first.end()
    assert ran.read_text() == "x\n"


def test_a_gate_that_joined_learns_that_the_update_failed(daemon, reprieve):
    camera = daemon.component()
    command = ["--deployment-id", "d", "--", "false"]
    first = reprieve("gate", *command)
    camera.notice()
    first.error_line("announced")
    second = reprieve("gate", *command)
    second.error_line("joined")
    camera.acknowledge("d")
    assert (first.end()[0], second.end()[0]) == (1, FAILED)


def test_a_gate_that_joined_takes_the_place_of_the_first(daemon, reprieve):
    camera = daemon.component()
    command = ["--deployment-id", "d", "--", "echo", "ran"]
    first = reprieve("gate", *command)
    camera.notice()
    first.error_line("announced")
    second = reprieve("gate", *command)
    second.error_line("joined")
    first.process.kill()
    first.end()
    camera.acknowledge("d")
    code, output, _ = second.end()
    assert (code, output) == (0, ["ran"])


@pytest.mark.slow
@pytest.mark.longest(60)
def test_a_gate_that_joined_does_not_wait_for_a_broker_that_never_comes_back(daemon, reprieve):
    first = reprieve("gate", "--deployment-id", "d", "--", "sleep", "60")
    first.error_line("released")
    second = reprieve("gate", "--deployment-id", "d", "--", "sleep", "60")
    second.error_line("another gate makes it")
    daemon.kill()
    second.error_line("trying again for 30 s")
    code, _, errors = second.end(timeout=45)
    assert code == 69 and "no process listens" in text(errors)


def test_ctrl_c_in_a_gate_that_joined_leaves_the_update_alone(daemon, reprieve):
    camera = daemon.component()
    command = ["--deployment-id", "d", "--", "echo", "ran"]
    first = reprieve("gate", *command)
    camera.notice()
    first.error_line("announced")
    second = reprieve("gate", *command)
    second.error_line("joined")
    second.signal(signal.SIGINT)
    code, _, errors = second.end()
    assert code == INTERRUPTED and "goes on" in text(errors)
    camera.acknowledge("d")
    assert first.end()[:2] == (0, ["ran"])


def test_attach_only_watches(daemon, coordinator, reprieve):
    camera = daemon.component()
    gate = coordinator.gate("d", reason="another request")
    camera.notice()
    watch = reprieve("gate", "--attach", "--deployment-id", "d")
    watch.error_line("waiting for")
    camera.acknowledge("d")
    gate.released()
    coordinator.complete("d")
    code, _, errors = watch.end()
    assert code == 0 and "applied" in text(errors)
    assert reprieve("gate", "--attach", "--deployment-id", "no").end()[0] == UNKNOWN


# gate --json


def test_json_ends_with_how_it_ended_and_command_prints_elsewhere(daemon, reprieve):
    gate = reprieve("gate", "--json", "--deployment-id", "d", "--", "sh", "-c", "echo said; exit 3")
    code, output, errors = gate.end()
    assert code == 3
    events = [json.loads(line) for line in output]
    assert "said" in errors
    assert "released" in events[-2]
    assert ended(output) == {
        "deploymentId": "d",
        "result": "released",
        "basis": "consent",
        "outcome": "failed",
        "exitCode": 3,
        "unmatched": [],
    }


def test_json_ends_with_how_it_ended_without_consent(daemon, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--json", "--no-wait", "--deployment-id", "d")
    camera.notice()
    camera.defer("d", HOUR, message="busy")
    code, output, _ = gate.end()
    end = ended(output)
    assert (code, end["result"], end["exitCode"]) == (NOT_NOW, "deferred", NOT_NOW)
    camera.post()
    gate = reprieve("gate", "--json", "--deployment-id", "e")
    camera.notice()
    gate.error_line("announced")
    gate.signal(signal.SIGINT)
    code, output, _ = gate.end()
    assert (code, ended(output)["result"]) == (INTERRUPTED, "interrupted")
    camera.post()
    options = ["--component", CAMERA, "--component", "com.example.Ghost", "--allow-unmatched"]
    gate = reprieve("gate", "--json", "--deployment-id", "f", *options)
    camera.notice()
    camera.acknowledge("f")
    assert ended(gate.end()[1])["unmatched"] == ["com.example.Ghost"]


@pytest.mark.parametrize("choice, code", [("proceed", 0), ("refuse", 69)])
def test_json_ends_with_how_it_ended_without_a_broker(processes, directory, choice, code):
    gate = processes.start(
        BUILD / "reprieve", "gate", "--control-socket", f"{directory}/none", "--json",
        "--without-broker", choice, "--", "true",
    )
    found, output, _ = gate.end()
    end = ended(output)
    assert (found, end["exitCode"]) == (code, code)
    assert end["result"] == ("withoutBroker" if code == 0 else "failed")


# listen


def test_a_hook_that_fails_leaves_a_trace(daemon, coordinator, reprieve, processes):
    listen = processes.reprieve_component(daemon, "listen", "--exec", "sh", "--", "-c", "exit 3")
    listen.error_line("listening")
    coordinator.gate("d").released()
    _, output, _ = reprieve("status").end()
    assert "COMMAND ended with exit code 3" in text(output)
    coordinator.complete("d")
    _, output, _ = reprieve("history", "d").end()
    assert "COMMAND ended with exit code 3" in text(output)


# Names


def test_a_name_that_no_component_had_is_an_error(daemon, coordinator, reprieve):
    camera = daemon.component()
    gate = reprieve("gate", "--component", "com.example.Camrea", "--", "echo", "ran")
    code, output, errors = gate.end()
    assert (code, output) == (UNKNOWN, [])
    assert "com.example.Camrea" in text(errors)
    assert coordinator.status()["updates"] == []
    options = ["--component", "com.example.Camrea", "--allow-unmatched", "--", "echo", "ran"]
    assert reprieve("gate", *options).end()[:2] == (0, ["ran"])
    # One that took part in an update before is known, though it is not there now.
    gate = coordinator.gate("d")
    camera.notice()
    camera.acknowledge("d")
    gate.released()
    coordinator.complete("d")
    camera.connection.close()
    assert reprieve("gate", "--component", CAMERA, "--", "true").end()[0] == 0


def test_a_name_in_the_configuration_is_known(start, processes, directory):
    config = pathlib.Path(directory) / "reprieved.conf"
    config.write_text(f"[Component {CAMERA}]\nMaxDefer=1h\n")
    daemon = start("--config", str(config))
    gate = processes.reprieve(daemon, "gate", "--component", CAMERA, "--", "true")
    assert gate.end()[0] == 0


# Required components


def test_an_absent_required_component_refuses(daemon, coordinator, reprieve):
    options = ["--require", ROBOT, "--response-timeout", "1s", "--", "echo", "ran"]
    gate = reprieve("gate", *options)
    gate.error_line(ROBOT)
    _, output, _ = reprieve("status").end()
    assert f"required and not connected: {ROBOT}; refused in" in text(output)
    code, output, errors = gate.end()
    assert (code, output) == (NOT_NOW, [])
    assert ROBOT in text(errors)
    gate = reprieve("gate", "--on-absence", "proceed", *options)
    assert gate.end()[:2] == (0, ["ran"])


def test_the_operator_settles_what_follows_an_absence(start):
    daemon = start("--on-absence", "proceed")
    policy = {"require": [ROBOT], "responseTimeoutMs": 200}
    assert daemon.coordinator().gate("d", policy).released()["basis"] == "silence"
    kind, content = daemon.coordinator().gate("e", policy | {"onAbsence": "refuse"}).end()
    assert (kind, content["by"]) == ("refused", ROBOT)


def test_status_names_absent_required_components_before_any_update(start, processes, directory):
    config = pathlib.Path(directory) / "reprieved.conf"
    config.write_text(f"[Component {ROBOT}]\nRequired=yes\n")
    daemon = start("--config", str(config))
    _, output, _ = processes.reprieve(daemon, "status").end()
    assert f"required and not connected: {ROBOT}" in text(output)
    daemon.component(ROBOT)
    _, output, _ = processes.reprieve(daemon, "status").end()
    assert "not connected" not in text(output)


# Times


def test_times_are_not_rounded_to_what_is_not_so(daemon, coordinator, reprieve):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    _, output, _ = reprieve("status").end()
    assert "at most 24 h more" in text(output)
    assert camera.connection.is_quiet(1.2)
    camera.acknowledge("d")
    gate.released()
    _, output, _ = reprieve("status").end()
    head = next(line for line in output if line.startswith("update d"))
    assert "released for 0" in head and "announced 1" in head


def test_one_token_is_one_token(start, directory):
    tokens = pathlib.Path(directory) / "tokens"
    command = [BUILD / "reprieve", "token", CAMERA, "--tokens", tokens]
    subprocess.run(command, check=True, capture_output=True)
    daemon = start("--tokens-file", str(tokens))
    assert "1 token\n" in daemon.log.read_text()
