# SPDX-License-Identifier: Apache-2.0
"""The C sample reads frames and JSON by itself: bytes that would make it read out of place."""

import struct
import zlib

import pytest
from checks import CORE, Check
from client import Client
from protocol import APPLICATION_MESSAGE, encode, message
from samples import c


def attempt(run):
    """Runs a check against the sample, which stops at undefined behaviour."""
    Client([str(word) for word in [*c(), 0]], patience=10).attempt(Check("", CORE, "", run))


ODD_EVENTS = {
    "spaces": '{ "preUpdateEvent" : { "isGgcRestarting" : false , "deploymentId" : "d" } }',
    "members before it": '{"a":[1,{"deploymentId":"x"}],"preUpdateEvent":{"b":{"deploymentId":"y"},'
    '"deploymentId":"d"}}',
    "brackets in text": '{"a":"}]\\\\","preUpdateEvent":{"reason":"{\\"deploymentId\\":\\"x\\"}",'
    '"deploymentId":"d"}}',
    "a quote in text": '{"a":"\\"}","preUpdateEvent":{"deploymentId":"d"}}',
    "names in text": '{"reason":"preUpdateEvent","preUpdateEvent":{"x":"deploymentId",'
    '"deploymentId":"d"}}',
    "escapes": '{"preUpdateEvent":{"deploymentId":"\\u0064"}}',
}


@pytest.mark.parametrize("event", ODD_EVENTS.values(), ids=ODD_EVENTS)
def test_the_id_is_found_wherever_it_stands(event):
    def check(server):
        session = server.subscribed()
        session.notice("d")  # its time only
        session.send_bytes(session.event(event.encode()))
        session.answer("d")

    attempt(check)


def test_json_that_is_cut_short_is_passed_over():
    event = b'{"a":"\\"","b":[{}], "preUpdateEvent":{"deploymentId":"d"'

    def check(server):
        session = server.subscribed()
        for end in range(len(event)):
            session.send_bytes(session.event(event[:end]))
        session.goes_on()

    attempt(check)


def prelude(total, headers):
    start = struct.pack(">II", total, headers)
    return start + struct.pack(">I", zlib.crc32(start))


def sealed(start):
    return start + struct.pack(">I", zlib.crc32(start))


def with_headers_up_to_its_end():
    """A frame whose headers are said to include the checksum, which even looks like a header."""
    for salt in range(1_000_000):
        frame = message(APPLICATION_MESSAGE, 0, 1, b"", salt=salt)
        start = prelude(len(frame), len(frame) - 12) + frame[12:-4]
        checksum = struct.pack(">I", zlib.crc32(start))
        if checksum[0] == 2 and checksum[3] == 0:  # a name of two bytes, and the type of "true"
            return start + checksum
    raise AssertionError("there is no such frame")


BAD_FRAMES = {
    "a frame of 4 GiB": prelude(2**32 - 1, 0),
    "a frame of 15 bytes": prelude(15, 0) + b"abc",
    "headers longer than the frame": sealed(prelude(20, 5) + b"abcd"),
    "headers up to the end of the frame": with_headers_up_to_its_end(),
    "headers of 4 GiB": sealed(prelude(20, 2**32 - 1) + b"abcd"),
    "a header of an unknown type": encode({":message-type": (10, b"")}),
    "a name longer than the headers": sealed(prelude(18, 2) + b"\xffa"),
    "a text longer than the headers": encode({"a": (7, b"\xff\xff")}),
    "a length that is cut short": encode({"a": (7, b"\0")}),
    "a number that is cut short": encode({":message-type": (4, b"\0\0\0")}),
    "a name and no type": sealed(prelude(18, 2) + b"\1a"),
}


@pytest.mark.slow
def test_each_bad_frame_ends_its_connection_and_the_next_one_works():
    def check(server):
        for name, frame in BAD_FRAMES.items():
            session = server.subscribed()
            session.send_bytes(frame)
            session.hangs_up()
        server.subscribed().goes_on()

    attempt(check)
