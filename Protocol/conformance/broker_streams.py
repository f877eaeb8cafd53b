# SPDX-License-Identifier: Apache-2.0
"""Checks of a broker: streams, requests, and errors that stay on their stream."""

from checks import CORE, REPRIEVE, Registry
from connection import Refused, expect
from eventstream import APPLICATION_MESSAGE, PING, PING_RESPONSE, TERMINATE, encode, message

check = Registry()

CALL = "aws.greengrass#UpdateState"
SUBSCRIBE = "aws.greengrass#SubscribeToComponentUpdates"
GREENGRASS_CODES = {"ServiceError", "InvalidArgumentsError", "ResourceNotFoundError"}


def call(stream, flags=0):
    return message(APPLICATION_MESSAGE, flags, stream, {"state": "RUNNING"}, operation=CALL)


@check(CORE)
def a_call_is_answered_and_ended(broker):
    """The response to a call has its model, :content-type application/json, and flag 2."""
    broker.connect().call("UpdateState", {"state": "RUNNING"})


@check(CORE)
def a_subscription_is_answered_and_stays(broker):
    """The response to a subscription is {} with no flag."""
    connection = broker.connect()
    _, answer = connection.subscribe_to("SubscribeToComponentUpdates")
    expect(answer == {}, f"it is {answer}")
    broker.stays(connection)


@check(CORE)
def requests_need_three_headers_and_an_operation(broker):
    """Headers may stand in any order; :content-type and service-model-type are not required."""
    connection = broker.connect()
    headers = {"operation": CALL, ":stream-id": 1, ":message-flags": 0, ":message-type": 0}
    connection.send(encode(headers, b'{"state": "RUNNING"}'))
    connection.response(1, CALL, TERMINATE)


@check(CORE)
def frames_come_in_pieces(broker):
    """A frame that arrives byte by byte is understood."""
    connection = broker.connect()
    frame = call(1)
    for byte in frame[:-1]:
        connection.send(bytes([byte]))
    expect(connection.is_quiet(0.1), "it is answered before it is whole")
    connection.send(frame[-1:])
    connection.response(1, CALL, TERMINATE)


@check(CORE)
def frames_come_together(broker):
    """Several requests in one piece are all answered."""
    connection = broker.connect()
    connection.send(b"".join(call(stream) for stream in range(1, 6)))
    for stream in range(1, 6):
        connection.response(stream, CALL, TERMINATE)


@check(CORE)
def both_sides_may_end_a_stream(broker):
    """A stream is ended by flag 2; doing so again is no error."""
    connection = broker.connect()
    stream, _ = connection.subscribe_to("SubscribeToComponentUpdates")
    connection.end_stream(stream)
    connection.end_stream(stream)
    broker.stays(connection)


@check(CORE)
def a_request_that_ends_its_stream_asks_for_nothing(broker):
    """A request with flag 2 is not answered, and the next stream may follow."""
    connection = broker.connect()
    connection.send(call(1, TERMINATE))
    expect(connection.is_quiet(0.2), "it is answered")
    connection.skip_streams(1)
    broker.stays(connection)


@check(CORE)
def a_ping_is_answered(broker):
    """PING is answered by PING_RESPONSE with the same payload."""
    connection = broker.connect()
    connection.send(message(PING, payload=b"are you there"))
    answer = connection.next_frame()
    expect(answer is not None, "it is not answered")
    expect(answer.type == PING_RESPONSE, f"it is answered by {answer}")
    expect(answer.payload == b"are you there", f"its payload is {answer.payload!r}")
    broker.stays(connection)


@check(CORE)
def an_unknown_operation_is_an_error(broker):
    """An unknown operation ends its stream by APPLICATION_ERROR, and not the connection."""
    connection = broker.connect()
    connection.refusal("aws.greengrass#NoSuchThing")
    broker.stays(connection)


@check(REPRIEVE)
def errors_say_what_every_sdk_reads(broker):
    """An error has message, _message, _errorCode and _service, and is a ServiceError here."""
    refused = broker.connect().refusal("aws.greengrass#NoSuchThing")
    expect(refused.code == "ServiceError", f"it is a {refused.code}")
    payload = refused.payload
    expect(payload["message"] == payload["_message"], "message and _message differ")
    expect(payload["_errorCode"] == refused.code, f"_errorCode is {payload['_errorCode']}")
    expect(payload["_service"] == "reprieve", f"_service is {payload['_service']}")


@check(REPRIEVE)
def a_control_operation_needs_the_control_socket(broker):
    """A control operation on the component socket is a ServiceError, and the connection goes on."""
    connection = broker.connect()
    names = ["GateUpdate", "ForceUpdate", "GetStatus", "WatchStatus", "GetHistory", "GetMetrics"]
    for name in names:
        request = {"deploymentId": broker.update, "reason": "x"}
        refused = connection.refusal("reprieve#" + name, request)
        expect(refused.code == "ServiceError", f"{name} is a {refused.code}")
    broker.stays(connection)


@check(REPRIEVE)
def a_connection_has_64_streams(broker):
    """The 65th open stream is a ServiceError, and the others stay."""
    connection = broker.connect()
    for _ in range(64):
        connection.subscribe_to("SubscribeToComponentUpdates")
    refused = connection.refusal("UpdateState")
    expect(refused.code == "ServiceError", f"it is a {refused.code}")
    connection.end_stream(1)
    broker.stays(connection)


@check(CORE)
def only_a_subscriber_answers(broker):
    """An answer before subscribing is an InvalidArgumentsError, and the connection goes on."""
    connection = broker.connect(1)
    request = {"deploymentId": broker.update, "recheckAfterMs": 0}
    refused = connection.refusal("DeferComponentUpdate", request)
    expect(refused.code == "InvalidArgumentsError", f"it is a {refused.code}")
    broker.stays(connection)


@check(CORE)
def only_what_was_asked_is_answered(broker):
    """An answer to an update that was not announced is a ServiceError."""
    component = broker.component()
    request = {"deploymentId": broker.update + "-nowhere", "recheckAfterMs": 0}
    refused = component.connection.refusal("DeferComponentUpdate", request)
    expect(refused.code == "ServiceError", f"it is a {refused.code}")
    broker.stays(component.connection)


@check(CORE)
def an_answer_names_its_update(broker):
    """An answer without deploymentId is an InvalidArgumentsError."""
    component = broker.component()
    refused = component.connection.refusal("DeferComponentUpdate", {"recheckAfterMs": 0})
    expect(refused.code == "InvalidArgumentsError", f"it is a {refused.code}")
    broker.stays(component.connection)


@check(CORE)
def component_operations_use_the_errors_of_greengrass(broker):
    """What DeferComponentUpdate is refused with is one of the three errors that SDKs expect."""
    component = broker.component()
    for payload in [b"", b"{}", b'{"deploymentId": "nowhere"}', b"[]", b"hello"]:
        stream = component.connection.request("DeferComponentUpdate", payload)
        try:
            component.connection.answer_on(stream)
        except Refused as refused:
            known = refused.code in GREENGRASS_CODES or not refused.frame.model
            expect(known, f"{payload!r} is refused with {refused.code!r}")
