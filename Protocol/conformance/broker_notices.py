# SPDX-License-Identifier: Apache-2.0
"""Checks of a broker: what components are told, and what their answers are worth."""

import json

from broker import MINUTE
from checks import CORE, REPRIEVE, Registry
from connection import expect
from peers import are_named

check = Registry()


def asked(broker, index=0, **request):
    """A component that was asked, its gate, and the notice."""
    component = broker.component(index, **request)
    gate = broker.gate(index)
    return component, gate, component.notice(broker.update)


@check(CORE, needs_control=True)
def a_notice_says_what_greengrass_says(broker):
    """A notice has deploymentId and isGgcRestarting."""
    component = broker.component()
    broker.gate(isGgcRestarting=True)
    notice = component.notice(broker.update)
    expect(notice.get("isGgcRestarting") is True, f"isGgcRestarting is missing: {notice}")


@check(REPRIEVE, needs_control=True)
def a_notice_says_what_the_update_stops(broker):
    """A notice has the disruption that was announced; isGgcRestarting is true from nucleus on."""
    component = broker.component()
    broker.gate(disruption="kexec")
    notice = component.notice(broker.update)
    expect(notice.get("disruption") == "kexec", f"disruption is not kexec: {notice}")
    expect(notice.get("isGgcRestarting") is True, f"isGgcRestarting is not true: {notice}")


@check(REPRIEVE, needs_control=True)
def a_notice_says_how_long_there_is(broker):
    """A notice has round, respondByMs, deadlineInMs and maxDeferMs, within the policy."""
    component = broker.component()
    policy = {"responseTimeoutMs": 20_000, "deadlineMs": 50_000, "maxDeferMs": 9_000}
    broker.gate(policy=policy, reason="a check")
    notice = component.notice(broker.update)
    expect(notice["round"] == 1, f"round is {notice['round']}")
    expect(15_000 < notice["respondByMs"] <= 20_000, f"respondByMs is {notice['respondByMs']}")
    expect(40_000 < notice["deadlineInMs"] <= 50_000, f"deadlineInMs is {notice['deadlineInMs']}")
    expect(notice["maxDeferMs"] == 9_000, f"maxDeferMs is {notice['maxDeferMs']}")
    expect(notice["reason"] == "a check", f"reason is {notice['reason']!r}")


@check(CORE, needs_control=True)
def the_response_comes_before_any_event(broker):
    """Who subscribes while an update waits gets the response first, then the notice."""
    first, gate, _ = asked(broker)
    second = broker.component()
    second.notice(broker.update)
    first.acknowledge(broker.update)
    gate.released("consent")


@check(CORE, needs_control=True)
def every_subscription_hears_the_notice(broker):
    """Each subscription of a component gets the notice, and one answer is the component's."""
    component = broker.component()
    again = broker.component()
    gate = broker.gate()
    component.notice(broker.update)
    again.notice(broker.update)
    again.acknowledge(broker.update)
    gate.released("consent")


@check(CORE, needs_control=True)
def zero_acknowledges(broker):
    """0 ms acknowledges, and the gate opens at once."""
    component, gate, _ = asked(broker)
    answer = component.acknowledge(broker.update)
    gate.released_at_once("consent")
    expect(answer.get("grantedMs", 0) == 0, f"grantedMs is {answer['grantedMs']}")


@check(CORE, needs_control=True)
def a_deferral_holds_and_then_asks_again(broker):
    """Who defers is asked again when the time is over, and not before."""
    component, gate, _ = asked(broker)
    component.answer(broker.update, 400)
    gate.stays_closed(0.3)
    notice = component.notice(broker.update)
    expect(notice.get("round", 2) == 2, f"round is {notice['round']}")
    component.acknowledge(broker.update)
    gate.released("consent")


@check(REPRIEVE, needs_control=True)
def a_grant_says_how_much_was_granted(broker):
    """DeferComponentUpdateResponse has grantedMs, at most maxDeferMs, and remainingMs."""
    component = broker.component()
    policy = {"maxDeferMs": 5_000, "maxTotalDeferMs": 60_000}
    broker.gate(policy=policy)
    component.notice(broker.update)
    answer = component.answer(broker.update, 10 * MINUTE)
    expect(answer["grantedMs"] == 5_000, f"grantedMs is {answer['grantedMs']}")
    expect(50_000 < answer["remainingMs"] <= 55_000, f"remainingMs is {answer['remainingMs']}")


@check(REPRIEVE, needs_control=True)
def a_deferral_can_be_cut_short(broker):
    """A component that has deferred may answer again, and 0 ms unblocks at once."""
    component, gate, _ = asked(broker)
    component.answer(broker.update, 10 * MINUTE)
    component.answer(broker.update, 20 * MINUTE)
    component.acknowledge(broker.update)
    gate.released_at_once("consent")


@check(REPRIEVE, needs_control=True)
def durations_are_whole_milliseconds(broker):
    """recheckAfterMs is an integer from 0 to 2^63 - 1, else it is an InvalidArgumentsError."""
    component, gate, _ = asked(broker)
    for value in ["-1", "1.5", '"1000"', "true", "[]", "9223372036854775808", "NaN"]:
        payload = b'{"deploymentId": "%s", "recheckAfterMs": %s}'
        payload %= broker.update.encode(), value.encode()
        refused = component.connection.refusal("DeferComponentUpdate", payload)
        expect(refused.code == "InvalidArgumentsError", f"{value} is a {refused.code}")
    payload = b'{"deploymentId": "%s", "recheckAfterMs": 1e3}' % broker.update.encode()
    answer = component.connection.call("DeferComponentUpdate", payload)
    expect(answer["grantedMs"] == 1_000, f"of 1e3, {answer['grantedMs']} ms are granted")


@check(REPRIEVE, needs_control=True)
def payloads_are_strict_json(broker):
    """A request that is no JSON object, or has a member twice, is an InvalidArgumentsError."""
    component, gate, _ = asked(broker)
    name = json.dumps(broker.update).encode()
    twice = b'{"deploymentId": %s, "deploymentId": %s, "recheckAfterMs": 0}' % (name, name)
    for payload in [b"", b"hello", b"[]", b"{}{}", b"[" * 100, twice]:
        refused = component.connection.refusal("DeferComponentUpdate", payload)
        expect(refused.code == "InvalidArgumentsError", f"{payload[:20]!r} is a {refused.code}")
    component.acknowledge(broker.update)
    gate.released("consent")


@check(REPRIEVE, needs_control=True)
def a_confirm_component_has_the_last_word(broker):
    """A component with confirm is asked finally; only 0 ms with that round opens the gate."""
    component, gate, notice = asked(broker, confirm=True)
    expect("final" not in notice, "its first notice is final")
    component.acknowledge(broker.update, round=notice["round"])
    final = component.notice(broker.update)
    expect(final.get("final") is True, f"its second notice is not final: {final}")
    expect(final["round"] == notice["round"] + 1, f"its round is {final['round']}")
    component.acknowledge(broker.update)
    gate.stays_closed(0.2)
    component.acknowledge(broker.update, round=final["round"])
    gate.released("consent")


@check(REPRIEVE, needs_control=True)
def a_deferral_ends_the_final_asking(broker):
    """A deferral in the final asking sends the others that heard final back to work."""
    first, second = (broker.component(index, confirm=True) for index in (0, 1))
    gate = broker.gate(0, 1)
    for component in (first, second):
        notice = component.notice(broker.update)
        component.acknowledge(broker.update, round=notice["round"])
    for component in (first, second):
        expect(component.notice(broker.update).get("final"), "no component is asked finally")
    second.answer(broker.update, 10 * MINUTE)
    notice = first.notice(broker.update)
    expect("final" not in notice, f"what follows is final again: {notice}")
    gate.stays_closed(0.1)


@check(REPRIEVE, needs_control=True)
def a_deferral_outlives_its_connection(broker):
    """A component that deferred and connects again is not asked again, and still blocks."""
    component, gate, _ = asked(broker)
    component.answer(broker.update, 10 * MINUTE)
    component.connection.close()
    again = broker.component()
    again.hears_nothing(broker.update, 0.2)
    gate.stays_closed(0.1)
    again.acknowledge(broker.update)
    gate.released("consent")


@check(REPRIEVE, needs_control=True)
def a_last_call_comes_before_the_end(broker):
    """Who defers up to the deadline gets a last call before, and the gate opens at the deadline."""
    component = broker.component()
    gate = broker.gate(policy={"deadlineMs": 2_000, "responseTimeoutMs": 1_000})
    component.notice(broker.update)
    component.answer(broker.update, 10 * MINUTE)
    notice = component.notice(broker.update)
    expect(notice.get("lastCall") is True, f"this is no last call: {notice}")
    released = gate.released("deadline")
    expect(are_named(released["overridden"], [broker.name()]), f"the release says {released}")


@check(REPRIEVE, needs_control=True)
def a_notice_suits_every_sdk(broker):
    """A notice has at most 8 KiB: one that would have more omits components."""
    component = broker.component()
    names = [f"com.example.conformance.a-rather-long-name-{number}" for number in range(400)]
    broker.coordinator().gate(broker.update, [broker.name(), *names])
    notice = component.notice(broker.update)
    size = len(component.latest.payload)
    expect(size <= 8 * 1024, f"its payload has {size} bytes")
    expect("components" not in notice, "it has components")
