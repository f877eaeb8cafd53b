# SPDX-License-Identifier: Apache-2.0
"""Checks of a client: connections that break, and brokers that say no."""

import time

from checks import CORE, Registry
from connection import Failure, HungUp, expect
from eventstream import APPLICATION_MESSAGE, CONNECT_ACK, PROTOCOL_ERROR, TERMINATE

check = Registry()

# How often it may try in a while, when it cannot get what it wants.
WHILE, MOST = 2.0, 20


@check(CORE)
def comes_back(server):
    """When the connection ends it connects and subscribes again, and answers."""
    for _ in range(2):
        session = server.subscribed()
        session.goes_on()
        session.close()
    server.subscribed().goes_on()


@check(CORE)
def comes_back_to_a_broker_that_was_gone(server):
    """When the socket is gone for 2 s it goes on trying."""
    session = server.subscribed()
    server.stop_listening()
    session.close()
    time.sleep(2)
    server.listen()
    server.subscribed().goes_on()


@check(CORE)
def comes_back_after_half_a_frame(server):
    """When the connection ends within a frame it connects again."""
    session = server.subscribed()
    session.send_bytes(session.notice("half")[:40])
    session.close()
    server.subscribed().goes_on()


@check(CORE)
def comes_back_after_a_protocol_error(server):
    """A PROTOCOL_ERROR ends the connection: it hangs up, and connects again."""
    session = server.subscribed()
    session.send(PROTOCOL_ERROR, payload={"message": "a check"}, content_type="application/json")
    session.hangs_up()
    server.subscribed().goes_on()


@check(CORE)
def comes_back_when_its_subscription_ends(server):
    """When the broker ends the subscription (flag 2) it subscribes again, on any connection."""
    session = server.subscribed()
    session.send(APPLICATION_MESSAGE, TERMINATE, session.stream)
    session.open.discard(session.stream)
    try:
        frame = session.next_request()
        expect(frame is not None, f"it does not subscribe again within {server.patience} s")
        session.stream = frame.stream
        session.respond(frame, {})
    except HungUp:
        session = server.subscribed()
    session.goes_on()


@check(CORE)
def obeys_a_denial(server):
    """CONNECT_ACK without flag 1 denies it: it makes no request, and hangs up."""
    server.may_give_up = True
    session = server.connection()
    session.hears_connect()
    session.send(CONNECT_ACK)
    try:
        frame = session.next_frame()
    except HungUp:
        return
    raise Failure(f"it sends {frame}" if frame else "it does not hang up")


@check(CORE)
def is_patient_when_denied(server):
    """When it is denied it does not try more than 20 times in 2 s."""
    _counts(server, _deny)


@check(CORE)
def is_patient_when_refused(server):
    """When its subscription is refused it does not try more than 20 times in 2 s."""
    _counts(server, _refuse)


@check(CORE)
def comes_back_when_it_was_refused(server):
    """A refused subscription is tried again, later."""
    session = server.connected()
    session.refuse(session.hears_subscription(), "ServiceError", "not now")
    try:
        session.subscription()
    except HungUp:
        session = server.subscribed()
    session.goes_on()


def _counts(server, refuse):
    server.may_give_up = True
    count, end = 0, time.monotonic() + WHILE
    session = server.connection()
    while session is not None:
        count += refuse(session, end)
        expect(count <= MOST, f"it tries {count} times in less than {WHILE:.0f} s")
        session = server.accept(max(0, end - time.monotonic()))


def _deny(session, end):
    session.hears_connect()
    session.send(CONNECT_ACK)
    return 1


def _refuse(session, end):
    """Refuses whatever this connection asks for. Returns how often."""
    session.handshake()
    count = 0
    try:
        while count <= MOST:
            frame = session.next_request(max(0, end - time.monotonic()))
            if frame is None:
                break
            count += 1
            session.refuse(frame, "UnauthorizedError", "the operator's policy does not allow it")
    except HungUp:
        pass
    return count
