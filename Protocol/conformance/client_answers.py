# SPDX-License-Identifier: Apache-2.0
"""Checks of a client: that it subscribes, and answers."""

from checks import CORE, REPRIEVE, Registry, Skip
from connection import expect
from server import GRANT

check = Registry()


@check(CORE)
def connects(server):
    """It sends CONNECT of version 0.1.0 with authToken or componentName."""
    payload = server.connection().hears_connect()
    who = payload.get("authToken") or payload.get("componentName")
    expect(who, f"it does not say who it is: {payload}")


@check(CORE)
def waits_for_connect_ack(server):
    """It makes no request before CONNECT_ACK."""
    session = server.connection()
    session.hears_connect()
    frame = session.next_frame(0.3)
    expect(frame is None, f"it sends {frame}")
    session.accepts()
    session.subscription()


@check(CORE)
def subscribes(server):
    """It calls SubscribeToComponentUpdates."""
    server.subscribed()


@check(CORE)
def answers_a_notice(server):
    """It answers a notice by DeferComponentUpdate."""
    server.subscribed().goes_on()


@check(CORE)
def answers_a_notice_of_plain_greengrass(server):
    """It answers a notice that has only deploymentId and isGgcRestarting."""
    session = server.subscribed()
    session.notice("bare")  # its time only
    notice = {"deploymentId": "bare", "isGgcRestarting": True}
    session.send_bytes(session.event({"preUpdateEvent": notice}))
    session.answer("bare")


@check(REPRIEVE)
def answers_in_time(server):
    """It answers within respondByMs, here 1 s."""
    session = server.subscribed()
    session.asks("soon", respond_by=1_000)
    session.answer("soon")


@check(CORE)
def answers_with_the_same_id(server):
    """It repeats the deploymentId as it is, whatever characters it has."""
    session = server.subscribed()
    for update in ['"quoted" \\ \n', "größer/↑", "d" * 256, "{}"]:
        session.asks(update)
        session.answer(update)


@check(CORE)
def numbers_its_streams(server):
    """It numbers its streams 1, 2, 3 ..., over any number of answers."""
    session = server.subscribed()
    for _ in range(20):
        session.goes_on()


@check(CORE)
def answers_several_updates(server):
    """It answers each of several updates that wait at the same time."""
    session = server.subscribed()
    for update in ["first", "second", "third"]:
        session.asks(update)
    session.answers("first", "second", "third")


@check(CORE)
def answers_every_round(server):
    """It answers again when it is asked again about the same update."""
    session = server.subscribed()
    for number in range(1, 4):
        session.asks("again", round=number)
        session.answer("again")


@check(REPRIEVE)
def answers_finally_with_the_round(server):
    """If it subscribes with confirm, it answers a final notice with that notice's round."""
    session = server.subscribed()
    if not session.confirms:
        raise Skip("it does not subscribe with confirm")
    session.asks("final")
    session.answer("final")
    session.asks("final", round=2, final=True)
    answer = session.answer("final")
    if answer["recheckAfterMs"] == 0:
        expect(answer.get("round") == 2, f"its final word is {answer}")


@check(REPRIEVE)
def takes_a_last_call(server):
    """It takes a last call that waits for no answer, and the post that follows."""
    session = server.subscribed()
    session.asks("forced", lastCall=True, respond_by=0)
    session.posts("forced", outcome="applied")
    session.goes_on()


@check(CORE)
def takes_a_post(server):
    """It takes posts, also of an update that it has not heard of, and answers none."""
    session = server.subscribed()
    session.posts("unheard-of")
    session.posts("unheard-of-either", outcome="cancelled", message="no longer wanted")
    session.says_nothing(0.3)
    session.goes_on()


@check(CORE)
def takes_a_refusal(server):
    """It takes an error that answers its answer, and keeps its subscription."""
    session = server.subscribed()
    session.asks("over")
    session.refuse(session.hears_answer("over"), "ServiceError", "no update waits for an answer")
    session.goes_on()


@check(CORE)
def waits_for_a_slow_broker(server):
    """It waits for responses that take a second, and takes notices meanwhile."""
    session = server.connected()
    request = session.hears_subscription()
    expect(session.next_frame(1) is None, "it does not wait for the response")
    session.respond(request, {})
    session.asks("first")
    answer = session.hears_answer("first")
    session.asks("second")
    frame = session.next_request(1)
    session.respond(answer, GRANT)
    if frame is None:
        session.answer("second")
    else:
        session.respond(frame, GRANT)
    session.goes_on()
