# SPDX-License-Identifier: Apache-2.0
"""The samples that read frames by themselves, fed with whatever a broker might send."""

import struct
import zlib

import pytest
from protocol import APPLICATION_MESSAGE, INTERNAL_ERROR, PING, PING_RESPONSE, encode, message
from samples import environment, plain_python, sanitized_c, PuppetBroker

COMPONENTS = {"plain Python": plain_python, "C": sanitized_c}
LONGEST = 8 * 1024


@pytest.fixture(params=COMPONENTS)
def start(request, directory, processes):
    command = COMPONENTS[request.param]()

    def start(seconds=0):
        return processes.start(*command, seconds, env=environment(directory + "/ipc.socket"))

    return start


@pytest.fixture
def broker(directory):
    broker = PuppetBroker(directory + "/ipc.socket")
    yield broker
    broker.close()


@pytest.mark.parametrize("piece", [1, 2, 7, 64])
def test_frames_may_come_in_pieces(broker, start, piece):
    start()
    broker.subscribe(piece)
    broker.notice("d", piece)
    assert broker.answer("d") == 0


def test_several_frames_may_come_at_once(broker, start):
    start()
    broker.subscribe()
    events = [{"preUpdateEvent": {"deploymentId": f"d{number}"}} for number in range(3)]
    broker.send(b"".join(message(APPLICATION_MESSAGE, 0, 1, event) for event in events))
    assert [broker.answer(f"d{number}") for number in range(3)] == [0, 0, 0]


def test_a_busy_component_defers_and_then_is_ready(broker, start):
    start(0.5)
    broker.subscribe()
    broker.notice("d")
    first = broker.answer("d")
    assert first > 0
    if first < 30_000:  # it says how long, and is asked again
        broker.notice("d")
    assert broker.answer("d") <= first


def test_a_ping_is_answered_with_what_it_carries(broker, start):
    start()
    broker.subscribe()
    broker.send(message(PING, 0, 0, b"are you there?"))
    frame = broker.receive()
    assert (frame.type, frame.stream, frame.payload) == (PING_RESPONSE, 0, b"are you there?")


ODD_FRAMES = {
    "without headers": encode({}),
    "of an unknown type": message(99),
    "on an unknown stream": message(
        APPLICATION_MESSAGE, 0, 77, {"preUpdateEvent": {"deploymentId": "x"}}
    ),
    "an error on another stream": message(1, 2, 5, {"message": "no"}),
    "whose type is text": encode({":message-type": "0", ":stream-id": 1}),
    "an empty event": message(APPLICATION_MESSAGE, 0, 1, {}),
    "an unknown event": message(APPLICATION_MESSAGE, 0, 1, {"other": [1, {"preUpdateEvent": 2}]}),
    "headers of every type": encode(
        {":message-type": APPLICATION_MESSAGE, ":stream-id": 77}
        | {f"h{type}": (type, bytes(size)) for type, size in enumerate([0, 0, 1, 2, 4, 8])}
        | {"h6": (6, b"\0\3abc"), "h7": (7, b"\0\0"), "h8": (8, bytes(8)), "h9": (9, bytes(16))}
    ),
}


@pytest.mark.parametrize("frame", ODD_FRAMES.values(), ids=ODD_FRAMES)
def test_an_odd_frame_is_passed_over(broker, start, frame):
    start()
    broker.subscribe()
    broker.send(frame)
    broker.notice("d")
    assert broker.answer("d") == 0


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
def test_the_id_is_found_wherever_it_stands(broker, start, event):
    start()
    broker.subscribe()
    broker.send(message(APPLICATION_MESSAGE, 0, 1, event.encode()))
    assert broker.answer("d") == 0


def test_an_id_goes_back_as_it_came(broker, start):
    start()
    broker.subscribe()
    for id in ['quoted "so" \\ and\nmore', "ü" * 128, "\x7f\x01" * 128]:
        broker.notice(id)
        assert broker.answer(id) == 0


def test_json_that_is_cut_short_is_passed_over(broker, directory, processes):
    """The reader of the C sample is its own; Python's is Python's."""
    processes.start(*sanitized_c(), 0, env=environment(directory + "/ipc.socket"))
    broker.subscribe()
    event = b'{"a":"\\"","b":[{}], "preUpdateEvent":{"deploymentId":"d"'
    for end in range(len(event)):
        broker.send(message(APPLICATION_MESSAGE, 0, 1, event[:end]))
    broker.notice("e")
    assert broker.answer("e") == 0


def damaged(frame, position):
    return frame[:position] + bytes([frame[position] ^ 1]) + frame[position + 1 :]


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


GOOD = message(APPLICATION_MESSAGE, 0, 1, {"preUpdateEvent": {"deploymentId": "d"}})
BAD_FRAMES = {
    "a damaged prelude": damaged(GOOD, 1),
    "a damaged header": damaged(GOOD, 20),
    "a damaged payload": damaged(GOOD, len(GOOD) - 6),
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
    "the end of the connection by an error": message(INTERNAL_ERROR, 0, 0, {"message": "bye"}),
    "the end of the subscription by an error": message(1, 2, 1, {"message": "bye"}),
}


@pytest.mark.slow
@pytest.mark.parametrize("frame", BAD_FRAMES.values(), ids=BAD_FRAMES)
def test_a_bad_frame_ends_the_connection_and_the_next_one_works(broker, start, frame):
    start()
    broker.subscribe()
    broker.send(frame)
    assert broker.has_hung_up()
    broker.subscribe()
    broker.notice("d")
    assert broker.answer("d") == 0


def test_a_frame_may_be_as_long_as_a_broker_makes_them(broker, start):
    start()
    broker.subscribe()
    broker.event({"preUpdateEvent": {"reason": "x" * (LONGEST - 200), "deploymentId": "d"}})
    assert broker.answer("d") == 0


def test_a_denied_component_hangs_up_and_tries_again(broker, start):
    program = start()
    broker.accept(flags=0)
    assert broker.has_hung_up()
    program.line("does not let us in")
    broker.subscribe()
