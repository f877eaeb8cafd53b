# SPDX-License-Identifier: Apache-2.0
"""Checks of a broker: the handshake."""

import json
import time

from checks import CORE, REPRIEVE, Registry
from connection import expect
from eventstream import (
    ACCEPTED,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    PROTOCOL_ERROR,
    encode,
    message,
)

check = Registry()


def acknowledgement(connection):
    answer = connection.next_frame()
    expect(answer is not None, "CONNECT is not answered")
    expect(answer.type == CONNECT_ACK, f"CONNECT is answered by {answer}")
    return answer


def is_denied(connection):
    answer = acknowledgement(connection)
    expect(not answer.flags & ACCEPTED, "it is accepted")


@check(CORE)
def connect_is_acknowledged(broker):
    """CONNECT is answered by CONNECT_ACK with flag 1 on stream 0."""
    connection = broker.open()
    connection.say_connect(broker.token())
    answer = acknowledgement(connection)
    expect(answer.flags == ACCEPTED, f"its flags are {answer.flags}")
    expect(answer.stream == 0, f"it is on stream {answer.stream}")
    expect(not answer.payload, "it has a payload")


@check(CORE)
def connect_ignores_what_it_does_not_know(broker):
    """Unknown headers and members are ignored in CONNECT."""
    connection = broker.open()
    headers = {"odd": "x", ":version": "0.1.0", ":message-type": CONNECT, "later": 7}
    headers.update({":stream-id": 0, ":message-flags": 0})
    payload = {"future": [1], "authToken": broker.token()}
    connection.send(encode(headers, json.dumps(payload).encode()))
    expect(acknowledgement(connection).flags == ACCEPTED, "it is denied")


@check(CORE)
def another_version_is_denied(broker):
    """A CONNECT of another version is answered by CONNECT_ACK without flag 1."""
    connection = broker.open()
    connection.say_connect(broker.token(), version="9.0.0")
    is_denied(connection)


@check(CORE)
def connect_that_is_no_json_is_denied(broker):
    """A CONNECT whose payload is no JSON is answered by CONNECT_ACK without flag 1."""
    connection = broker.open()
    connection.say_connect(payload=b"hello")
    is_denied(connection)


@check(REPRIEVE)
def a_denied_client_may_close_first(broker):
    """A client that is denied has a second to close first; then the broker hangs up."""
    connection = broker.open()
    connection.say_connect(broker.token(), version="9.0.0")
    is_denied(connection)
    before = time.monotonic()
    connection.ending()
    waited = time.monotonic() - before
    expect(0.5 < waited < 3, f"the broker hangs up after {waited:.1f} s")


@check(REPRIEVE)
def a_component_name_is_a_claim(broker):
    """CONNECT with componentName is accepted where one with authToken is."""
    connection = broker.open()
    connection.say_connect(payload={"componentName": broker.name()})
    expect(acknowledgement(connection).flags == ACCEPTED, "it is denied")


@check(REPRIEVE)
def silence_instead_of_connect_is_hung_up_on(broker):
    """Who sends no CONNECT for 5 s is hung up on."""
    connection = broker.open()
    before = time.monotonic()
    connection.patience = 5 + broker.patience
    connection.ending()
    waited = time.monotonic() - before
    expect(waited > 4.5, f"the broker hangs up after {waited:.1f} s already")


@check(REPRIEVE)
def the_control_socket_needs_no_name(broker):
    """The control socket takes a CONNECT without any name."""
    broker.coordinator()


@check(CORE)
def a_connection_per_client(broker):
    """Several connections of one component are accepted."""
    for _ in range(3):
        broker.connect()


@check(CORE)
def a_protocol_error_ends_the_connection(broker):
    """A PROTOCOL_ERROR of the client ends its connection."""
    connection = broker.connect()
    connection.send(message(PROTOCOL_ERROR, payload={"message": "that was none"}))
    connection.ending()


@check(CORE)
def a_connection_that_breaks_disturbs_no_other(broker):
    """Another connection that breaks the protocol leaves this one alone."""
    healthy = broker.connect()
    connection = broker.open()
    connection.send(message(APPLICATION_MESSAGE, 0, 1, {}, operation="x"))
    connection.ending()
    broker.stays(healthy)
