# SPDX-License-Identifier: Apache-2.0
"""Attacks with subscriptions, names and answers: what a component may do, done badly."""

import json
import time

from attacks.attack import attack
from attacks.connections import flood
from attacks.honest import REQUIRED
from attacks.hostile import connect, defer, request, subscribe
from eventstream import Decoder
from protocol import APPLICATION_MESSAGE, TERMINATE, message

MANY = b"".join(subscribe(one) for one in range(1, 65))
TURNS = b"".join(
    subscribe(one) + message(APPLICATION_MESSAGE, TERMINATE, one) for one in range(1, 300)
)

flood("subscriptions_of_one_name", "Has 64 subscriptions on each of 250 connections.",
      connect() + MANY, connections=250)  # fmt: skip
flood("subscriptions_of_many_names", "The same, each connection with a name of its own.",
      lambda one: connect(f"many.n{one}") + MANY, connections=250)  # fmt: skip
flood("flipping_subscriptions", "Subscribes and unsubscribes.", connect() + TURNS,
      connections=50, churns=True)  # fmt: skip
flood("many_names", "One name after the other subscribes and leaves.",
      lambda one: connect(f"renamed.n{one}") + subscribe(), connections=40,
      churns=True, least=3_000)  # fmt: skip
flood("many_long_names", "1,025 names of nearly 128 bytes are silent.",
      lambda one: connect(f"n{one}." + "x" * 100) + subscribe(), connections=1_025)  # fmt: skip
flood("owed_posts", "Names are asked, owed a post, and leave.",
      lambda one: connect(f"owed.n{one}") + subscribe() + defer(2, "broad-1", 0),
      connections=300, churns=True)  # fmt: skip


def answering(hostile, connections, answer, claim="com.example.Hostile"):
    """Subscribes, and answers each notice with what `answer` makes of it."""
    streams = hostile.gather(lambda one: connect(claim) + subscribe(confirm=True), connections)
    readers = [(one, Decoder(), [1]) for one in streams]
    while hostile.on():
        for stream, decoder, latest in readers:
            decoder.append(stream.read() or b"")
            while frame := decoder.next():
                notice = json.loads(frame.payload or b"{}").get("preUpdateEvent")
                for milliseconds, more in answer(notice) if notice else []:
                    latest[0] += 1
                    id = more.pop("id", notice["deploymentId"])
                    sent = defer(latest[0], id, milliseconds, **more)
                    stream.rest = memoryview(bytes(stream.rest) + sent)
            stream.send()
        time.sleep(0.0005)


@attack(asked=True)
def deferring_for_ever(hostile):
    """Defers each update for as long as there is."""
    answering(hostile, 4, lambda notice: [(2**63 - 1, {})])


@attack(asked=True)
def breaking_final_askings(hostile):
    """Acknowledges, and defers again in each final asking."""
    answering(hostile, 4, lambda notice: [(1 if notice.get("final") else 0,
                                           {"round": notice["round"]})])  # fmt: skip


@attack()
def standing_in_for_a_required_name(hostile):
    """Acknowledges by the name of a component that an update requires and that is not there."""
    answering(hostile, 20, lambda notice: [(0, {"round": notice["round"]})], REQUIRED)


@attack(asked=True)
def flipping_answers(hostile):
    """Acknowledges and defers by turns, a hundred times for each notice."""
    answering(hostile, 20, lambda notice: [(0, {}), (100, {})] * 50)


@attack(asked=True)
def control_characters_in_messages(hostile):
    """Defers with messages of control characters, which take six bytes each in JSON."""
    answering(hostile, 20, lambda notice: [(100, {"message": "\x1b" * 1_024})] * 4)


@attack(asked=True)
def rounds_that_never_were(hostile):
    """Acknowledges rounds that have not been asked."""
    answering(hostile, 4, lambda notice: [(0, {"round": one}) for one in (0, -1, 99, 2**62)])


@attack(asked=True)
def answers_for_others(hostile):
    """Answers updates that it was not asked about."""
    answering(hostile, 4, lambda notice: [(0, {"id": f"narrow-{one}"}) for one in range(99)])


def answers(milliseconds, id="broad-1"):
    return connect() + subscribe() + b"".join(
        request(one, "aws.greengrass#DeferComponentUpdate",
                {"deploymentId": id, "recheckAfterMs": milliseconds}) for one in range(2, 500)
    )  # fmt: skip


flood("unknown_updates", "Answers updates that there are not.", answers(0, "nothing"),
      connections=10, churns=True)  # fmt: skip
flood("negative_times", "Defers by negative times.", answers(-1), connections=10,
      churns=True)  # fmt: skip
flood("huge_times", "Defers by more than an integer holds.", answers(10**30), connections=10,
      churns=True)  # fmt: skip
flood("long_ids", "Answers updates with ids of 10 KB.", answers(0, "x" * 10_000),
      connections=10, churns=True)  # fmt: skip
flood("silence", "Subscribes over 500 connections and never answers.", connect() + subscribe(),
      connections=500, reads=False)  # fmt: skip
