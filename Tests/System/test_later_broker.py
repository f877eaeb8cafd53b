# SPDX-License-Identifier: Apache-2.0
"""The command at a broker of a later version, which has words, events and members of its own."""

import json

import pytest
from eventstream import TERMINATE
from expect import CAMERA, HOUR
from faulty_broker import Fault, FaultyBroker, flags, in_gates, on_model, saying
from processes import BUILD


@pytest.fixture
def reprieve(daemon, processes):
    """Runs the command behind a proxy that changes what the broker says."""
    brokers = []

    def start(fault, command, *arguments):
        if not brokers:
            brokers.append(FaultyBroker(daemon, fault))
        (broker,) = brokers
        sockets = ["--control-socket", broker.control_socket]
        if command in ("listen", "hold"):
            sockets = ["--component-socket", broker.component_socket, "--component", CAMERA]
        return processes.start(BUILD / "reprieve", command, *sockets, *arguments)

    yield start
    for broker in brokers:
        broker.close()


def replaced(words):
    """Changes every value in a document that is one of these words."""

    def change(value):
        if isinstance(value, dict):
            return {"later": {"x": [None]}} | {name: change(one) for name, one in value.items()}
        if isinstance(value, list):
            return [change(one) for one in value]
        return words.get(value, value) if isinstance(value, str) else value

    return change


WORDS = {"consent": "moonlight", "asked": "pondering", "waiting": "adrift"}


def preceded_by(event, model):
    """Sends an event that is not known here before each one that is."""

    def down(frame, link):
        if not frame.model.endswith(model):
            return [frame]
        return [saying(flags(frame, off=TERMINATE), event), frame]

    return Fault(down=down)


def test_a_gate_opens_on_words_that_are_not_known_here(daemon, reprieve):
    camera = daemon.component()
    command = ["--deployment-id", "d", "--", "sh", "-c", 'echo "$REPRIEVE_BASIS"']
    gate = reprieve(in_gates(replaced(WORDS)), "gate", *command)
    camera.notice()
    gate.error_line("waiting for com.example.Camera (unknown)")
    camera.acknowledge("d")
    code, output, errors = gate.end()
    assert (code, output) == (0, ["unknown"])
    assert "for a reason that this version does not know" in "\n".join(errors)
    assert camera.post()["outcome"] == "applied"


def test_a_gate_opens_after_events_that_are_not_known_here(daemon, reprieve):
    fault = preceded_by({"pondering": {"deploymentId": "d"}}, "GateEvents")
    assert reprieve(fault, "gate", "--json", "--", "true").end()[0] == 0


def test_an_end_that_is_not_known_here_is_an_error_at_once(daemon, reprieve):
    camera = daemon.component()
    fault = in_gates(lambda event: {"superseded": {}} if "released" in event else None)
    gate = reprieve(fault, "gate", "--deployment-id", "d", "--", "echo", "ran")
    camera.notice()
    camera.acknowledge("d")
    code, output, errors = gate.end()
    assert (code, output) == (69, [])
    assert "this version does not know" in errors[-1]


def test_the_status_has_words_that_are_not_known_here(daemon, coordinator, reprieve):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    fault = on_model("StatusResponse", replaced(WORDS))
    code, output, _ = reprieve(fault, "status").end()
    assert code == 0
    assert output[0].startswith("update d: unknown for ")
    assert "unknown" in next(line for line in output if CAMERA in line)
    code, output, _ = reprieve(fault, "status", "--json").end()
    assert (code, json.loads(output[0])["updates"][0]["state"]) == (0, "unknown")


def test_the_history_has_words_that_are_not_known_here(daemon, coordinator, reprieve):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.acknowledge("d")
    gate.released()
    coordinator.complete("d")
    fault = on_model("HistoryResponse", replaced(WORDS | {"applied": "transcended"}))
    code, output, _ = reprieve(fault, "history").end()
    assert (code, output[0]) == (0, "update d: unknown")
    assert "for a reason that this version does not know" in "\n".join(output)


def test_a_component_passes_over_events_that_are_not_known_here(coordinator, reprieve):
    fault = preceded_by({"ponderingEvent": {"deploymentId": "d"}}, "PolicyEvents")
    program = reprieve(fault, "listen", "--exec", "true")
    program.error_line("listening")
    assert coordinator.gate("d").released()["participants"] == [CAMERA]


def test_a_component_is_told_an_outcome_that_is_not_known_here(coordinator, reprieve):
    fault = on_model("PolicyEvents", replaced({"applied": "transcended"}))
    program = reprieve(fault, "listen", "--exec", "sh", "--", "-c", "echo $REPRIEVE_OUTCOME >&2")
    program.error_line("listening")
    coordinator.gate("d").released()
    coordinator.complete("d")
    program.error_line("update d is over: unknown")


def test_a_component_defers_notices_with_members_that_are_not_known_here(coordinator, reprieve):
    fault = on_model("PolicyEvents", replaced({}))
    program = reprieve(fault, "hold", "--why", "x", "--", "sh", "-c", "echo up; sleep 5")
    program.line("up")
    gate = coordinator.gate("d", policy={"maxTotalDeferMs": HOUR})
    assert gate.shows(CAMERA, "deferred")["message"] == "x"
