# SPDX-License-Identifier: Apache-2.0
"""Bytes that are no frame, frames that are no message, messages out of place.

Each is answered with PROTOCOL_ERROR, and `undisturbed` shows that nobody else noticed.
"""

import struct
import time
import zlib

import pytest
from protocol import (
    ACCEPTED,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    PING,
    PROTOCOL_ERROR,
    TERMINATE,
    HungUp,
    encode,
    message,
)

pytestmark = pytest.mark.usefixtures("undisturbed")

CALL = message(APPLICATION_MESSAGE, 0, 1, {}, operation="aws.greengrass#UpdateState")
HEADERS = {":message-type": APPLICATION_MESSAGE, ":message-flags": 0, ":stream-id": 1}


def raw(total, headers_length, rest, checksum=None):
    prelude = struct.pack(">II", total, headers_length)
    prelude += struct.pack(">I", zlib.crc32(prelude) if checksum is None else checksum)
    return prelude + rest


def damaged(frame, position):
    return frame[:position] + bytes([frame[position] ^ 1]) + frame[position + 1 :]


def sealed(start):
    return start + struct.pack(">I", zlib.crc32(start))


BAD_BYTES = {
    "a frame of 64 KiB and one byte": raw(64 * 1024 + 1, 0, b""),
    "a frame of 24 MiB": raw(24 * 1024 * 1024, 0, b""),
    "a frame of 4 GiB": raw(2**32 - 1, 0, b""),
    "a frame of 15 bytes": raw(15, 0, b"123"),
    "a frame of no bytes": raw(0, 0, b""),
    "a wrong checksum of the prelude": raw(16, 0, b"1234", checksum=1),
    "a damaged prelude": damaged(CALL, 5),
    "a wrong checksum of the message": damaged(CALL, len(CALL) - 1),
    "a damaged payload": damaged(CALL, len(CALL) - 5),
    "headers one byte longer than the frame": sealed(raw(20, 5, b"1234")),
    "headers of 4 GiB": raw(20, 2**32 - 1, b""),
    "a header of an unknown type": encode(HEADERS | {"odd": (10, b"")}),
    "a header that is cut short": encode(HEADERS | {"odd": (7, b"\xff\xff")}),
    "a header without a name": encode(HEADERS | {"": 1}),
    "a header that is no UTF-8": encode(HEADERS | {"odd": (7, b"\x00\x01\xff")}),
    "too many headers": encode(HEADERS | {f"h{number}": 1 for number in range(100)}),
    "HTTP": b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "zeros": bytes(64),
}

OPEN = "aws.greengrass#UpdateState"
BAD_MESSAGES = {
    "a second CONNECT": message(CONNECT, payload={"authToken": "com.example.X"}, version="0.1.0"),
    "an operation on stream 0": message(APPLICATION_MESSAGE, 0, 0, {}, operation=OPEN),
    "an operation on a negative stream": message(APPLICATION_MESSAGE, 0, -1, {}, operation=OPEN),
    "a stream id that skips one": message(APPLICATION_MESSAGE, 0, 2, {}, operation=OPEN),
    "the last stream id of all": message(APPLICATION_MESSAGE, 0, 2**31 - 1, {}, operation=OPEN),
    "a message type that nobody knows": message(8, 0, 0),
    "a CONNECT_ACK": message(CONNECT_ACK, ACCEPTED, 0),
    "a PING on a stream": message(PING, 0, 1),
    "no message type": encode({":message-flags": 0, ":stream-id": 1}),
    "a stream id that is a string": encode(HEADERS | {":stream-id": "1"}),
}


def expect_protocol_error(connection):
    answer = connection.next_frame()
    assert (answer.type, answer.stream) == (PROTOCOL_ERROR, 0)
    assert answer.json["message"]


@pytest.mark.parametrize("data", BAD_BYTES.values(), ids=BAD_BYTES.keys())
def test_bad_bytes_end_their_connection(daemon, data):
    connection = daemon.connection().connect("com.example.Bad")
    connection.send(data)
    expect_protocol_error(connection)


@pytest.mark.parametrize("data", BAD_BYTES.values(), ids=BAD_BYTES.keys())
def test_bad_bytes_instead_of_connect_end_their_connection(daemon, data):
    connection = daemon.connection()
    connection.send(data)
    expect_protocol_error(connection)


@pytest.mark.parametrize("data", BAD_MESSAGES.values(), ids=BAD_MESSAGES.keys())
def test_a_message_out_of_place_ends_its_connection(daemon, data):
    connection = daemon.connection().connect("com.example.Bad")
    connection.send(data)
    expect_protocol_error(connection)


def test_a_further_message_on_a_closed_stream_ends_the_connection(daemon):
    connection = daemon.connection().connect("com.example.Bad")
    connection.call("UpdateState", {"state": "RUNNING"})
    connection.send(message(APPLICATION_MESSAGE, 0, 1, {}))
    expect_protocol_error(connection)


def test_a_request_instead_of_connect_ends_the_connection(daemon):
    connection = daemon.connection()
    connection.send(CALL)
    expect_protocol_error(connection)


def test_what_follows_a_bad_frame_is_not_listened_to(daemon, coordinator):
    connection = daemon.connection().connect("com.example.Bad")
    subscribe = message(
        APPLICATION_MESSAGE, 0, 1, {}, operation="aws.greengrass#SubscribeToComponentUpdates"
    )
    connection.send(damaged(CALL, 5) + subscribe)
    expect_protocol_error(connection)
    gate = coordinator.gate("d", components=["com.example.Bad"])
    assert gate.response["unmatched"] == ["com.example.Bad"]
    assert gate.released()["participants"] == []


def test_a_frame_that_never_ends_disturbs_nobody(daemon):
    connection = daemon.connection().connect("com.example.Slow")
    connection.send(CALL[:-1])
    assert connection.is_quiet(0.2)
    connection.send(CALL[-1:])
    assert connection.response(1, "UpdateStateResponse").flags == TERMINATE


def test_frames_in_pieces_of_one_byte_are_understood(daemon):
    connection = daemon.connection().connect("com.example.Slow")
    for byte in CALL:
        connection.send(bytes([byte]))
    assert connection.response(1, "UpdateStateResponse").flags == TERMINATE


def test_headers_that_nobody_knows_are_ignored(daemon):
    connection = daemon.connection().connect("com.example.Odd")
    known = [(0, b""), (1, b""), (2, b"1"), (3, b"12"), (5, b"12345678"), (6, b"\x00\x011")]
    known += [(8, b"12345678"), (9, bytes(16))]
    odd = {f"odd-{kind}": (kind, value) for kind, value in known}
    connection.send(encode(odd | HEADERS | {"operation": OPEN}, b"{}"))
    assert connection.response(1, "UpdateStateResponse").flags == TERMINATE


def test_after_a_protocol_error_the_client_has_a_second_to_close_first(daemon):
    connection = daemon.connection()
    connection.send(CALL)
    expect_protocol_error(connection)
    before = time.monotonic()
    assert connection.ends(timeout=3)
    assert 0.9 < time.monotonic() - before < 2


@pytest.mark.slow
def test_silence_after_connecting_is_hung_up_on_after_5_seconds(daemon):
    connection = daemon.connection()
    before = time.monotonic()
    with pytest.raises(HungUp):
        connection.next_frame(timeout=8)
    assert 4.9 < time.monotonic() - before < 7


@pytest.mark.slow
def test_half_a_connect_is_hung_up_on_after_5_seconds(daemon):
    connection = daemon.connection()
    connection.send(message(CONNECT, payload={}, version="0.1.0")[:40])
    with pytest.raises(HungUp):
        connection.next_frame(timeout=8)
