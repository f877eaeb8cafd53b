# SPDX-License-Identifier: Apache-2.0
"""Requests that make no sense. Each is answered on its stream, and its connection goes on."""

import pytest
from expect import refused
from protocol import APPLICATION_MESSAGE, TERMINATE, message

pytestmark = pytest.mark.usefixtures("undisturbed")

# The payload, and a word of the answer.
BAD_ANSWERS = {
    "nothing": (b"", "deploymentId"),
    "no JSON": (b"hello", ""),
    "half of an object": (b'{"deploymentId": "d"', ""),
    "two objects": (b"{}{}", ""),
    "an array": (b"[]", "object"),
    "null": (b"null", "object"),
    "bad UTF-8": (b'{"deploymentId": "\xff"}', ""),
    "a lone surrogate": (b'{"deploymentId": "d", "message": "\\ud800"}', ""),
    "a member twice": (b'{"deploymentId": "d", "deploymentId": "d"}', "deploymentId"),
    "a thousand brackets": (b"[" * 1000, ""),
    "no deploymentId": (b'{"recheckAfterMs": 0}', "deploymentId"),
    "a deploymentId that is a number": (b'{"deploymentId": 1, "recheckAfterMs": 0}', "string"),
    "an empty deploymentId": (b'{"deploymentId": "", "recheckAfterMs": 0}', "empty"),
    "a long deploymentId": (
        b'{"deploymentId": "' + b"d" * 257 + b'", "recheckAfterMs": 0}',
        "257",
    ),
    "a message that is a number": (
        b'{"deploymentId": "d", "recheckAfterMs": 0, "message": 1}',
        "message",
    ),
}
BAD_ANSWERS |= {
    f"a recheckAfterMs of {value}": (
        b'{"deploymentId": "d", "recheckAfterMs": %s}' % value.encode(),
        word,
    )
    for value, word in {
        "-1": "negative",
        "-9223372036854775808": "negative",
        "9223372036854775808": "64 bits",
        "1e30": "64 bits",
        "1.5": "not an integer",
        "1e-3": "not an integer",
        "true": "integer",
        '"60000"': "integer",
        "[]": "integer",
        "{}": "integer",
        "NaN": "",
        "Infinity": "",
        "0x10": "",
        "01": "",
    }.items()
}


@pytest.mark.parametrize("payload, word", BAD_ANSWERS.values(), ids=BAD_ANSWERS.keys())
def test_a_bad_answer_is_refused_and_the_question_stands(daemon, coordinator, payload, word):
    camera = daemon.component()
    gate = coordinator.gate("d", components=["com.example.Camera"])
    camera.notice()
    stream = camera.connection.request("DeferComponentUpdate", payload)
    call = lambda: camera.connection.response(stream, "DeferComponentUpdateResponse")
    refused(call, "InvalidArgumentsError", word)
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


@pytest.mark.parametrize(
    "value, granted",
    [("9223372036854775807", 3_600_000), ("1000.0", 1000), ("1e3", 1000), ("1", 100), ("-0", 0)],
)
def test_odd_spellings_of_an_integer_are_integers(daemon, coordinator, value, granted):
    camera = daemon.component()
    coordinator.gate("d", components=["com.example.Camera"])
    camera.notice()
    payload = b'{"deploymentId": "d", "recheckAfterMs": %s}' % value.encode()
    answer = camera.connection.call("DeferComponentUpdate", payload)
    assert answer["grantedMs"] == granted


@pytest.mark.parametrize("more", [{}, {"recheckAfterMs": None}])
def test_an_answer_without_a_time_is_ignored_as_a_nucleus_does(daemon, coordinator, more):
    camera = daemon.component()
    gate = coordinator.gate("d", components=["com.example.Camera"])
    camera.notice()
    answer = camera.answer("d", **more)
    assert answer == {}
    assert coordinator.status()["updates"][0]["participants"][0]["state"] == "asked"
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"
    refused(lambda: camera.answer("nothing", **more), "ServiceError", "nothing")


def test_an_answer_to_an_update_that_was_not_announced_is_refused(daemon):
    camera = daemon.component()
    refused(lambda: camera.acknowledge("nothing"), "ServiceError", "nothing")
    refused(lambda: camera.defer("nothing", 1000), "ServiceError", "nothing")


def test_an_answer_before_subscribing_is_refused(daemon, coordinator):
    connection = daemon.connection().connect("com.example.Early")
    camera = daemon.component()
    request = {"deploymentId": "d", "recheckAfterMs": 1000}
    call = lambda: connection.call("DeferComponentUpdate", request)
    refused(call, "InvalidArgumentsError", "com.example.Early", "not subscribed")
    gate = coordinator.gate("d", components=["com.example.Camera"])
    refused(call, "InvalidArgumentsError", "com.example.Early")
    camera.acknowledge("d")
    gate.released()


def test_the_subscribe_request_must_be_an_object_with_a_flag(daemon):
    connection = daemon.connection().connect("com.example.Camera")
    for payload in [b"[]", b"x", b'{"confirm": 1}']:
        stream = connection.request("SubscribeToComponentUpdates", payload)
        refused(
            lambda: connection.response(stream, "SubscribeToComponentUpdatesResponse"),
            "InvalidArgumentsError",
        )
    connection.subscribe_to("SubscribeToComponentUpdates", b"")


@pytest.mark.parametrize(
    "request_, word",
    [
        ({}, "deploymentId"),
        ({"deploymentId": ""}, "empty"),
        ({"deploymentId": "d" * 257}, "257"),
        ({"deploymentId": "d", "reason": 1}, "reason"),
        ({"deploymentId": "d", "isGgcRestarting": "yes"}, "isGgcRestarting"),
        ({"deploymentId": "d", "components": "all"}, "components"),
        ({"deploymentId": "d", "components": ["no spaces"]}, "no spaces"),
        ({"deploymentId": "d", "policy": []}, "policy"),
        ({"deploymentId": "d", "policy": {"action": "ASK"}}, "ASK"),
        ({"deploymentId": "d", "policy": {"deadlineMs": -1}}, "negative"),
        ({"deploymentId": "d", "policy": {"responseTimeoutMs": -1}}, "negative"),
        ({"deploymentId": "d", "policy": {"maxDeferMs": 0.5}}, "not an integer"),
        ({"deploymentId": "d", "policy": {"maxTotalDeferMs": 2**63}}, "64 bits"),
        ({"deploymentId": "d", "policy": {"onSilence": "wait"}}, "wait"),
        ({"deploymentId": "d", "policy": {"require": [1]}}, "require"),
    ],
    ids=str,
)
def test_a_bad_gate_is_refused_and_announces_nothing(coordinator, request_, word):
    call = lambda: coordinator.connection.subscribe_to("reprieve#GateUpdate", request_)
    refused(call, "InvalidArgumentsError", word)
    assert coordinator.status()["updates"] == []


def test_bad_completions_are_refused(daemon, coordinator):
    camera = daemon.component()
    coordinator.gate("d", components=["com.example.Camera"])
    camera.notice()
    for outcome in ["done", "cancelled", "unknown"]:
        refused(lambda: coordinator.complete("d", outcome), "InvalidArgumentsError", outcome)
    refused(lambda: coordinator.complete("d"), "ConflictError", "waits")
    for verb in [coordinator.complete, coordinator.cancel, coordinator.force]:
        refused(lambda: verb("other"), "ResourceNotFoundError", "other")
    bare = {"deploymentId": "d"}
    for verb in ["Cancel", "Force"]:
        call = lambda: coordinator.connection.call(f"reprieve#{verb}Update", bare)
        refused(call, "InvalidArgumentsError", "reason")


@pytest.mark.parametrize(
    "operation",
    [
        "aws.greengrass#GetConfiguration",
        "aws.greengrass#SubscribeToTopic",
        "aws.greengrass#NoSuchThing",
        "reprieve#NoSuchThing",
        "",
        "\x1b[2J",
    ],
)
def test_an_operation_that_is_not_supported_is_refused_and_the_connection_stays(daemon, operation):
    connection = daemon.connection().connect("com.example.Camera")
    connection.send(message(APPLICATION_MESSAGE, 0, 1, {}, operation=operation))
    refused(lambda: connection.response(1, ""), "ServiceError", "not supported")
    connection._latest_stream = 1
    assert connection.call("UpdateState", {"state": "RUNNING"}) == {}


def test_a_request_without_an_operation_is_refused_and_the_connection_stays(daemon):
    connection = daemon.connection().connect("com.example.Camera")
    connection.send(message(APPLICATION_MESSAGE, 0, 1, {}))
    refused(lambda: connection.response(1, ""), "ServiceError", "operation")
    connection._latest_stream = 1
    assert connection.call("UpdateState", {"state": "RUNNING"}) == {}


@pytest.mark.parametrize("name", ["Gate", "Complete", "Cancel", "Force"])
def test_a_control_operation_on_the_component_socket_is_refused(daemon, name):
    connection = daemon.connection().connect("com.example.Camera")
    request = {"deploymentId": "d", "outcome": "applied", "reason": "x"}
    call = lambda: connection.call(f"reprieve#{name}Update", request)
    refused(call, "ServiceError", "control socket")
    assert connection.call("UpdateState", {"state": "RUNNING"}) == {}


@pytest.mark.parametrize("name", ["GetStatus", "WatchStatus"])
def test_the_status_on_the_component_socket_is_refused(daemon, name):
    connection = daemon.connection().connect("com.example.Camera")
    refused(lambda: connection.call(f"reprieve#{name}"), "ServiceError", "control socket")


def test_a_request_that_ends_its_own_stream_does_nothing(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d", components=["com.example.Camera"])
    camera.notice()
    request = {"deploymentId": "d", "recheckAfterMs": 0}
    camera.connection.request("DeferComponentUpdate", request, flags=TERMINATE)
    assert camera.connection.call("UpdateState", {"state": "RUNNING"}) == {}
    assert coordinator.status()["updates"][0]["blockedBy"] == ["com.example.Camera"]
    camera.acknowledge("d")
    gate.released()


def test_the_65th_open_stream_is_refused_and_the_others_stay(daemon):
    connection = daemon.connection().connect("com.example.Camera")
    for _ in range(64):
        connection.subscribe_to("SubscribeToComponentUpdates")
    refused(lambda: connection.call("UpdateState", {}), "ServiceError", "64")
    connection.end_stream(1)
    assert connection.call("UpdateState", {"state": "RUNNING"}) == {}


def test_a_long_message_is_cut_on_a_character(daemon, coordinator):
    camera = daemon.component()
    coordinator.gate("d", components=["com.example.Camera"])
    camera.notice()
    camera.defer("d", 60_000, message="ä" * 2_000)
    (participant,) = coordinator.status()["updates"][0]["participants"]
    assert participant["message"] == "ä" * 512
