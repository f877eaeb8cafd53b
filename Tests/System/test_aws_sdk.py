# SPDX-License-Identifier: Apache-2.0
"""The AWS IoT Device SDK for Python as it is, on a component that it thinks is Greengrass's."""

import importlib.util
import json
import os
import sys

import pytest
from processes import HERE

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("awsiot") is None,
    reason="awsiotsdk is not installed; Tests/run.sh installs it",
)


@pytest.fixture
def aws(daemon, processes):
    """Starts a component that stands on the SDK. Its environment is all that it gets."""

    def start(name, *deferrals):
        environment = {
            "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": str(daemon.component_socket),
            "SVCUID": name,
            "PATH": os.environ["PATH"],
        }
        arguments = [sys.executable, HERE / "aws_component.py", *deferrals]
        program = processes.start(*arguments, env=environment)
        program.line("subscribed", timeout=20)
        return program

    return start


def finished(program):
    code, lines, errors = program.end()
    assert (code, errors) == (0, [])
    lines = [json.loads(line) for line in lines]
    assert not any("streamError" in line for line in lines)
    return lines


def test_the_sdk_defers_twice_acknowledges_and_hears_the_end(coordinator, aws):
    camera = aws("com.example.Camera", 300, 200)
    gate = coordinator.gate("d", isGgcRestarting=True, reason="a field that the SDK ignores")
    assert gate.response["participants"] == ["com.example.Camera"]
    first = gate.shows("com.example.Camera", "deferred")
    assert (first["deferrals"], first["message"]) == (1, "busy")
    released = gate.released()
    assert released["basis"] == "consent"
    assert 500 <= released["waitedMs"] < 5_000
    coordinator.complete("d")
    lines = finished(camera)
    said = {"pre": "d", "isGgcRestarting": True}
    assert [line for line in lines if "pre" in line] == [said] * 3
    response = "DeferComponentUpdateResponse"
    answered = [{"answered": answer, "response": response} for answer in (300, 200, 0)]
    assert [line for line in lines if "answered" in line] == answered
    assert {"post": "d"} in lines
    assert lines[-1] == {"closed": True}


def test_the_sdk_raises_our_errors_as_its_own_and_its_subscription_survives(coordinator, aws):
    camera = aws("com.example.Camera")
    gate = coordinator.gate("d")
    gate.released()
    coordinator.complete("d")
    lines = finished(camera)
    refused = {line["refused"]: line["message"] for line in lines if "refused" in line}
    assert refused == {
        "ServiceError": 'no update "not-d" is waiting for an answer',
        "InvalidArgumentsError": "recheckAfterMs: -1 is negative",
    }
    assert {"post": "d"} in lines


def test_what_a_greengrass_component_does_first_is_answered(coordinator, aws):
    camera = aws("com.example.Camera")
    coordinator.gate("d").released()
    coordinator.complete("d")
    lines = finished(camera)
    assert lines[0] == {"state": "UpdateStateResponse"}
    assert "GetConfiguration" in lines[1]["unsupported"]
    assert lines[2] == {"subscribed": "SubscribeToComponentUpdatesResponse"}


def test_two_clients_of_the_sdk_hold_one_update(coordinator, aws):
    names = ["com.example.Camera", "com.example.Robot"]
    camera, robot = aws(names[0], 200), aws(names[1])
    gate = coordinator.gate("d")
    released = gate.released()
    assert (released["basis"], released["participants"]) == ("consent", names)
    coordinator.complete("d")
    for program in camera, robot:
        assert {"post": "d"} in finished(program)


def test_the_sdk_is_told_that_it_is_denied(daemon, processes):
    environment = {
        "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": str(daemon.component_socket),
        "SVCUID": "notokenofours",
        "PATH": os.environ["PATH"],
    }
    program = processes.start(sys.executable, HERE / "aws_component.py", env=environment)
    code, _, errors = program.end(20)
    assert code != 0
    assert "AccessDeniedError" in "".join(errors)


@pytest.mark.parametrize(
    "missing", ["AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT", "SVCUID"]
)
def test_outside_greengrass_a_component_lacks_two_variables(daemon, processes, missing):
    # As the README says, so that a reader knows the error by its name.
    environment = {
        "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": str(daemon.component_socket),
        "SVCUID": "com.example.Camera",
        "PATH": os.environ["PATH"],
    }
    del environment[missing]
    program = processes.start(sys.executable, HERE / "aws_component.py", env=environment)
    code, _, errors = program.end(20)
    assert (code, errors[-1]) == (1, f"KeyError: '{missing}'")
