# SPDX-License-Identifier: Apache-2.0
"""Checks of a client: frames in odd pieces, and what it does not know yet."""

import json

from checks import CORE, Registry
from eventstream import PING
from server import GRANT

check = Registry()

FUTURE = {"future": {"is": ["unknown", None, 1.5]}}


@check(CORE)
def takes_frames_in_pieces(server):
    """It understands frames that arrive byte by byte."""
    session = server.connected()
    frames = session.response(session.hears_subscription(), {}) + session.notice("pieces")
    for byte in frames[:-1]:
        session.send_bytes(bytes([byte]))
    session.says_nothing(0.1)
    session.send_bytes(frames[-1:])
    session.answer("pieces")


@check(CORE)
def takes_frames_together(server):
    """It understands a response and several events that arrive in one piece."""
    session = server.connected()
    frames = session.response(session.hears_subscription(), {})
    frames += session.notice("one") + session.notice("two") + session.notice("three")
    session.send_bytes(frames)
    session.answers("one", "two", "three")


@check(CORE)
def takes_long_notices(server):
    """It takes a notice of 8 KiB."""
    session = server.subscribed()
    names = [f"com.example.a-rather-long-name-for-a-component-{number}" for number in range(500)]
    while len(json.dumps(names)) > 7_900:
        names.pop()
    session.asks("long", components=names)
    session.answer("long")


@check(CORE)
def ignores_unknown_members(server):
    """It ignores members, and words of outcome, that it does not know."""
    session = server.connected()
    session.respond(session.hears_subscription(), FUTURE)
    session.asks("future", **FUTURE)
    session.respond(session.hears_answer("future"), {**GRANT, **FUTURE})
    session.posts("future", outcome="somethingNew", **FUTURE)
    session.goes_on()


@check(CORE)
def ignores_unknown_headers(server):
    """It ignores headers that it does not know."""
    session = server.connected()
    more = {"future": "yes", "later": 7}
    session.respond(session.hears_subscription(), {}, **more)
    session.notice("future")
    event = {"preUpdateEvent": {"deploymentId": "future", "isGgcRestarting": False}}
    session.send_bytes(session.event(event, **more))
    session.respond(session.hears_answer("future"), GRANT, **more)
    session.goes_on()


@check(CORE)
def ignores_unknown_events(server):
    """It answers no event that is neither a notice nor a post, and keeps its subscription."""
    session = server.subscribed()
    session.send_bytes(session.event({"futureEvent": {"deploymentId": "future"}}))
    session.says_nothing(0.3)
    session.goes_on()


@check(CORE)
def takes_a_ping(server):
    """It takes a PING, whether or not it answers."""
    session = server.subscribed()
    session.send(PING)
    session.goes_on()


@check(CORE)
def hangs_up_on_damage(server):
    """It does not act on a frame whose checksum is wrong, and hangs up."""
    session = server.subscribed()
    frame = session.notice("damaged")
    at = frame.index(b"damaged")
    session.send_bytes(frame[:at] + b"D" + frame[at + 1 :])
    session.hangs_up()


@check(CORE)
def needs_no_more_than_it_was_promised(server):
    """It takes a response without our members, as plain Greengrass sends it."""
    session = server.subscribed()
    session.asks("plain")
    session.respond(session.hears_answer("plain"), {})
    session.goes_on()
