# SPDX-License-Identifier: Apache-2.0
"""Attacks on the nucleus beside the broker, and over the connections to it."""

import json
import time

from attacks.attack import attack
from attacks.connections import flood
from attacks.hostile import defer, request, subscribe
from eventstream import Decoder
from protocol import APPLICATION_MESSAGE, CONNECT, TERMINATE, message

LONGEST = 15_000


def token(user):
    """The token by which the nucleus knows this attacker."""
    return f"dG9rZW4gb2Yg{user}"


def show(text):
    return message(CONNECT, payload={"authToken": text}, version="0.1.0")


def enter(hostile):
    return show(token(hostile.user))


def forwarded(numbers, operation, payload=None):
    return b"".join(request(one, "aws.greengrass#" + operation, payload) for one in numbers)


flood("foreign_tokens", "Shows tokens that only the nucleus could know, which denies them.",
      lambda number: show(f"bm90IGEgdG9rZW4{number % 10_000:04d}="), connections=60,
      upstream=True)  # fmt: skip
flood("foreign_tokens_and_away", "Shows such tokens, and does not wait for what comes of it.",
      lambda number: show(f"bm90IGEgdG9rZW4{number % 10_000:04d}="), connections=60,
      churns=True, upstream=True)  # fmt: skip
flood("long_foreign_tokens", "Shows tokens that are longer than the nucleus's frames.",
      lambda number: show("x" * LONGEST), connections=60, upstream=True)  # fmt: skip
flood("odd_foreign_tokens", "Shows tokens of control characters, which six bytes stand for.",
      lambda number: show("\x1b\0\u202e" * 200 + str(number)), connections=60,
      upstream=True)  # fmt: skip


@attack(upstream=True)
def many_streams_at_the_nucleus(hostile):
    """Keeps 1,000 streams open there over each of 20 connections, and calls over all of them."""
    streams = hostile.gather(
        enter(hostile) + forwarded(range(1, 1_001), "SubscribeToTopic", {"topic": "x"}), 20
    )
    latest = 1_001
    while hostile.on():
        for stream in streams:
            stream.read()
            stream.rest = memoryview(bytes(stream.rest) + forwarded([latest], "UpdateState"))
            stream.send()
        latest += 1


@attack(upstream=True)
def calls_at_the_nucleus(hostile):
    """Calls the nucleus over each of 20 connections, and reads nothing."""
    calls = enter(hostile) + forwarded(range(1, 3_000), "GetConfiguration")
    hostile.flood(calls, connections=20, reads=False)


@attack(upstream=True)
def streams_turned_over_at_the_nucleus(hostile):
    """Opens and ends streams there."""
    turns = b"".join(
        forwarded([one], "SubscribeToTopic", {"topic": "x"})
        + message(APPLICATION_MESSAGE, TERMINATE, one)
        for one in range(1, 500)
    )
    hostile.flood(enter(hostile) + turns, connections=20, churns=True)


@attack(upstream=True)
def half_frames_for_the_nucleus(hostile):
    """Sends all but the end of a long request for it, over as many connections as it gets."""
    half = request(1, "aws.greengrass#PublishToTopic", {"text": "x" * 9_000})[:-5]
    hostile.flood(enter(hostile) + half, connections=100)


@attack(upstream=True)
def what_the_nucleus_hangs_up_on(hostile):
    """Subscribes, defers, and has the nucleus end the connection, over and over."""
    ending = message(APPLICATION_MESSAGE, 0, 2, {}, operation="aws.greengrass#PublishToTopic",
                     odd=True)  # fmt: skip
    while hostile.on():
        streams = hostile.gather(enter(hostile) + subscribe(), 10)
        end = min(hostile.end, time.monotonic() + 0.05)
        while time.monotonic() < end:
            for stream in streams:
                for id in notices(stream.read() or b""):
                    stream.rest = memoryview(defer(2, id, 250) + ending)
                stream.send()
            time.sleep(0.002)
        for stream in streams:
            stream.socket.close()


def notices(data):
    """The updates of the notices in these bytes, of which a part may be missing."""
    decoder = Decoder()
    decoder.append(data)
    while frame := decoder.next():
        notice = json.loads(frame.payload or b"{}").get("preUpdateEvent")
        if notice:
            yield notice["deploymentId"]
