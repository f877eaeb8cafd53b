# SPDX-License-Identifier: Apache-2.0
"""Attacks by several processes of one component, each of which has a say of its own."""

import os
import random
import time

from attacks.attack import attack
from attacks.hostile import connect, defer, subscribe
from attacks.negotiation import answering
from attacks.upstream import notices

CLAIM = "com.example.Several"


def together(hostile, number, run):
    """Runs a function in so many processes, all at once."""
    for process in [hostile.child(run) for _ in range(number)]:
        os.waitpid(process, 0)


def in_turn(hostile, number, run):
    """Runs a function in processes that end at once, so many at a time."""
    while hostile.on():
        together(hostile, number, run)


@attack(asked=True)
def processes_that_flip(hostile):
    """12 processes of a component acknowledge and defer by turns."""
    words = [(0, {}), (100, {})] * 10
    together(hostile, 12, lambda: answering(hostile, 1, lambda notice: words, CLAIM))


@attack(asked=True)
def processes_that_come_and_go(hostile):
    """Processes of a component subscribe, and end at once."""
    in_turn(hostile, 8, lambda: hostile.gather(connect(CLAIM) + subscribe(confirm=True), 2))


@attack(asked=True)
def a_process_that_defers_and_ends(hostile):
    """Each notice is deferred by a process that ends then, and another takes its place."""

    def run():
        (stream,) = hostile.gather(connect(CLAIM) + subscribe(), 1) or [None]
        end = min(hostile.end, time.monotonic() + 0.1)
        while stream and time.monotonic() < end:
            for id in notices(stream.read() or b""):
                stream.rest = memoryview(defer(2, id, 2**62))
                stream.send()
                return
            time.sleep(0.001)

    in_turn(hostile, 4, run)


@attack(asked=True)
def processes_that_disagree(hostile):
    """Of 20 processes some acknowledge, some defer, some break final askings, others are silent."""

    def run():
        mood = random.choice(["ready", "busy", "breaking", "silent"])
        answers = {
            "ready": lambda notice: [(0, {"round": notice["round"]})],
            "busy": lambda notice: [(random.randint(1, 300), {})],
            "breaking": lambda notice: [(1 if notice.get("final") else 0,
                                         {"round": notice["round"]})],
            "silent": lambda notice: [],
        }  # fmt: skip
        answering(hostile, 1, answers[mood], CLAIM)

    together(hostile, 20, run)


@attack(asked=True)
def words_of_processes_without_subscriptions(hostile):
    """A process of a component subscribes and is silent, 20 others answer in its place."""
    silent = hostile.child(lambda: (hostile.gather(connect(CLAIM) + subscribe(), 1),
                                    hostile.rest()))  # fmt: skip

    def run():
        words = b"".join(defer(one, f"broad-{one}", one % 2, round=one % 9)
                         for one in range(1, 200))  # fmt: skip
        hostile.flood(connect(CLAIM) + words, connections=1, churns=True)

    together(hostile, 20, run)
    os.waitpid(silent, 0)


@attack(asked=True)
def a_connection_that_many_processes_share(hostile):
    """Connects, and has 20 processes that are started later send over that connection at once."""
    streams = hostile.gather(connect(CLAIM) + subscribe(), 4)

    def run():
        number = os.getpid() % 1_000 * 1_000
        while hostile.on():
            for stream in streams:
                number += 1
                stream.rest = memoryview(defer(number, "broad-1", 0))
                stream.send()
                stream.read()
            time.sleep(0.001)

    together(hostile, 20, run)
