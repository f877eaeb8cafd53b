# SPDX-License-Identifier: Apache-2.0
"""Attacks over connections that the service manager keeps: the journal has a record of each."""

import time

from attacks.attack import attack
from attacks.hostile import connect, subscribe
from attacks.upstream import enter, forwarded
from protocol import APPLICATION_MESSAGE, PING, TERMINATE, message

# A connection is kept when it is a second old.
KEPT_AFTER = 1.2
SECONDS = 2.5


def over_kept_connections(hostile, data, connections, more):
    """Sends what `more` makes of a turn's number over connections that have become kept."""
    streams = hostile.gather(data, connections)
    end = time.monotonic() + KEPT_AFTER
    while time.monotonic() < end:
        for stream in streams:
            stream.read()
        time.sleep(0.01)
    turn = 0
    while hostile.on():
        sent = more(turn)
        turn += 1
        for stream in streams:
            stream.read()
            if not stream.rest:
                stream.rest = memoryview(sent)
            stream.send()


def turned_over(first, open_stream):
    """50 streams that are opened and ended at once, from a number on."""
    return b"".join(
        open_stream(one) + message(APPLICATION_MESSAGE, TERMINATE, one)
        for one in range(first, first + 50)
    )


@attack(kept=40, seconds=SECONDS, upstream=True)
def kept_connections_that_call_the_nucleus(hostile):
    """Has 60 streams open there on each of 20 kept connections, as many as are written down."""
    data = enter(hostile) + forwarded(range(1, 61), "SubscribeToTopic", {"topic": "x"})
    over_kept_connections(
        hostile,
        data,
        20,
        lambda turn: forwarded(range(61 + 50 * turn, 111 + 50 * turn), "UpdateState"),
    )


@attack(kept=80, seconds=SECONDS, upstream=True)
def kept_connections_that_turn_streams_over(hostile):
    """Opens and ends streams at the nucleus: each has the connection written down again."""

    def open_stream(number):
        return forwarded([number], "SubscribeToTopic", {"topic": "x"})

    over_kept_connections(
        hostile, enter(hostile), 20, lambda turn: turned_over(1 + 50 * turn, open_stream)
    )


@attack(kept=60, seconds=SECONDS)
def kept_connections_that_subscribe_again(hostile):
    """Subscribes and unsubscribes on 30 kept connections."""
    data = connect() + subscribe()
    over_kept_connections(hostile, data, 30, lambda turn: turned_over(2 + 50 * turn, subscribe))


@attack(kept=100, seconds=SECONDS)
def kept_connections_in_the_middle_of_a_frame(hostile):
    """Sends frames in halves: after each half the connection can be taken back, or cannot."""
    ping = message(PING)
    halves = ping[:20], ping[20:]
    over_kept_connections(hostile, connect() + subscribe(), 100, lambda turn: halves[turn % 2])


@attack(kept=100, seconds=SECONDS)
def connections_that_live_until_they_are_kept(hostile):
    """Opens 120 connections, and closes them as soon as they are kept."""
    while hostile.on():
        streams = hostile.gather(connect() + subscribe(), 120)
        end = min(hostile.end, time.monotonic() + KEPT_AFTER)
        while time.monotonic() < end:
            for stream in streams:
                stream.read()
            time.sleep(0.01)
        for stream in streams:
            stream.socket.close()
