# SPDX-License-Identifier: Apache-2.0
"""Checks of a broker: gates, and what an operator can do."""

import time

from broker import MINUTE
from broker_notices import asked
from checks import REPRIEVE, Registry
from connection import expect
from peers import Component, are_named, is_named

check = Registry()


@check(REPRIEVE, needs_control=True)
def a_gate_without_components_opens_at_once(broker):
    """An update that concerns no component opens on consent; names without one are unmatched."""
    gate = broker.coordinator().gate(broker.update, ["com.example.Nobody"])
    expect(gate.response["unmatched"] == ["com.example.Nobody"], f"{gate.response}")
    released = gate.released_at_once("consent")
    expect(released["participants"] == [], f"the participants are {released['participants']}")


@check(REPRIEVE, needs_control=True)
def the_response_names_the_participants(broker):
    """GateUpdateResponse has the participants; progress shows what each of them says."""
    component = broker.component()
    gate = broker.gate()
    expect(are_named(gate.response["participants"], [broker.name()]), f"{gate.response}")
    expect(gate.response["attached"] is False, "attached is true for a new update")
    component.notice(broker.update)
    component.answer(broker.update, 10 * MINUTE, message="recording")
    shown = gate.shows(broker.name(), "deferred")
    expect(shown.get("message") == "recording", f"its message is {shown.get('message')!r}")
    expect(9 * MINUTE < shown.get("untilMs", 0) <= 10 * MINUTE, f"it is shown as {shown}")


@check(REPRIEVE, needs_control=True)
def silence_ends(broker):
    """Who does not answer within the response time is silent, and the gate opens."""
    broker.component()
    released = broker.gate(policy={"responseTimeoutMs": 300}).released("silence")
    expect(are_named(released["silent"], [broker.name()]), f"silent: {released['silent']}")


@check(REPRIEVE, needs_control=True)
def silence_refuses_where_it_should(broker):
    """With onSilence refuse, silence refuses the update, and its post says cancelled."""
    component = broker.component()
    gate = broker.gate(policy={"responseTimeoutMs": 300, "onSilence": "refuse"})
    component.notice(broker.update)
    kind, content = gate.end()
    expect(kind == "refused", f"it ends with {kind}")
    expect(broker.name() in content["by"] + content["reason"], f"refused says {content}")
    post = component.post(broker.update)
    expect(post["outcome"] == "cancelled", f"the outcome is {post['outcome']}")


@check(REPRIEVE, needs_control=True)
def a_budget_ends(broker):
    """Who has used up maxTotalDeferMs is overridden, and the gate opens as capped."""
    component = broker.component()
    gate = broker.gate(policy={"maxTotalDeferMs": 1_200, "responseTimeoutMs": 600})
    component.notice(broker.update)
    component.answer(broker.update, 10 * MINUTE)
    released = gate.released("capped")
    expect(are_named(released["overridden"], [broker.name()]), f"the release says {released}")
    expect(released["waitedMs"] >= 1_200, f"it waited for {released['waitedMs']} ms only")


@check(REPRIEVE, needs_control=True)
def an_update_may_skip_components(broker):
    """SKIP_NOTIFY_COMPONENTS opens the gate at once, and no component gets a notice."""
    component = broker.component()
    broker.gate(policy={"action": "SKIP_NOTIFY_COMPONENTS"}).released_at_once("skipped")
    component.hears_nothing(broker.update, 0.2)


@check(REPRIEVE, needs_control=True)
def a_required_component_is_waited_for(broker):
    """A component in require is waited for while it is absent, and asked when it subscribes."""
    name = broker.name(1)
    gate = broker.gate(1, policy={"require": [name]})
    gate.shows(name, "absent")
    component = broker.component(1)
    component.notice(broker.update)
    component.acknowledge(broker.update)
    gate.released("consent")


@check(REPRIEVE, needs_control=True)
def the_same_request_attaches(broker):
    """The same GateUpdate again joins the update; another request is a ConflictError."""
    component, gate, _ = asked(broker)
    second = broker.gate()
    expect(second.response["attached"] is True, "attached is false for the second request")
    coordinator = broker.coordinator()
    request = {"deploymentId": broker.update, "reason": "another"}
    refused = coordinator.connection.refusal("reprieve#GateUpdate", request)
    expect(refused.code == "ConflictError", f"it is a {refused.code}")
    component.acknowledge(broker.update)
    gate.released("consent")
    second.released("consent")


@check(REPRIEVE, needs_control=True)
def updates_have_nothing_to_do_with_each_other(broker):
    """Two updates wait side by side, each for its own answers."""
    component, first, _ = asked(broker)
    other = broker.update + "-other"
    second = broker.gate(update=other)
    component.notice(other)
    component.answer(broker.update, 10 * MINUTE)
    component.acknowledge(other)
    second.released("consent")
    first.stays_closed(0.1)


@check(REPRIEVE, needs_control=True)
def updates_of_one_component_go_one_after_the_other(broker):
    """A gate stays shut while another update of the component is under way."""
    component, first, _ = asked(broker)
    other = broker.update + "-other"
    second = broker.gate(update=other)
    component.notice(other)
    component.acknowledge(broker.update)
    component.acknowledge(other)
    first.released("consent")
    second.stays_closed(0.1)
    broker.coordinator().complete(broker.update)
    second.released("consent")


@check(REPRIEVE, needs_control=True)
def an_update_that_is_not_exclusive_waits_for_no_other(broker):
    """With exclusive false a gate opens beside an update that is under way."""
    component, first, _ = asked(broker)
    second = broker.gate(update=(other := broker.update + "-other"), exclusive=False)
    component.notice(other)
    component.acknowledge(broker.update)
    first.released("consent")
    component.acknowledge(other)
    second.released("consent")


@check(REPRIEVE, needs_control=True)
def the_outcome_is_posted_once(broker):
    """CompleteUpdate tells each subscription that was asked the outcome, once."""
    component, gate, _ = asked(broker)
    component.acknowledge(broker.update)
    gate.released("consent")
    broker.coordinator().complete(broker.update, "rolledBack", message="it did not start")
    post = component.post(broker.update)
    expect(post["outcome"] == "rolledBack", f"the outcome is {post['outcome']}")
    expect(post["message"] == "it did not start", f"the message is {post.get('message')!r}")
    component.hears_nothing(broker.update, 0.2)


@check(REPRIEVE, needs_control=True)
def a_post_is_owed(broker):
    """Who was not there at the end gets the post at its next subscription."""
    component, gate, _ = asked(broker)
    component.acknowledge(broker.update)
    component.connection.close()
    gate.released("consent")
    broker.coordinator().complete(broker.update)
    post = Component(broker.connect()).post(broker.update)
    expect(post["outcome"] == "applied", f"the outcome is {post['outcome']}")


@check(REPRIEVE, needs_control=True)
def a_latecomer_hears_what_is_under_way(broker):
    """Who subscribes with underway is told what is released, and hears how it ends."""
    coordinator = broker.coordinator()
    coordinator.gate(broker.update, []).released("consent")
    late = Component(broker.connect(), [broker.update], underway=True)
    coordinator.complete(broker.update)
    post = late.post(broker.update)
    expect(post["outcome"] == "applied", f"the outcome is {post['outcome']}")


@check(REPRIEVE, needs_control=True)
def an_update_can_be_cancelled(broker):
    """CancelUpdate ends the gate by cancelled, with who and why, and posts cancelled."""
    component, gate, _ = asked(broker)
    broker.coordinator().cancel(broker.update, "a change of mind")
    kind, content = gate.end()
    expect(kind == "cancelled", f"it ends with {kind}")
    expect(content["reason"] == "a change of mind", f"the reason is {content['reason']!r}")
    expect("uid" in content["by"], f"by is {content['by']!r}")
    post = component.post(broker.update)
    expect(post["outcome"] == "cancelled", f"the outcome is {post['outcome']}")


@check(REPRIEVE, needs_control=True)
def an_update_can_be_forced(broker):
    """ForceUpdate opens the gate as forced, after a last call to those who blocked."""
    component, gate, _ = asked(broker)
    component.answer(broker.update, 10 * MINUTE)
    broker.coordinator().force(broker.update)
    gate.released("forced")
    notice = component.notice(broker.update)
    expect(notice.get("lastCall") and notice["respondByMs"] == 0, f"it is told {notice}")


@check(REPRIEVE, needs_control=True)
def updates_end_in_order(broker):
    """Completing what waits and cancelling what is released are ConflictErrors."""
    component, gate, _ = asked(broker)
    connection = broker.coordinator().connection
    request = {"deploymentId": broker.update, "outcome": "applied", "reason": "x"}
    refused = connection.refusal("reprieve#CompleteUpdate", request)
    expect(refused.code == "ConflictError", f"too early it is a {refused.code}")
    component.acknowledge(broker.update)
    gate.released("consent")
    refused = connection.refusal("reprieve#CancelUpdate", request)
    expect(refused.code == "ConflictError", f"too late it is a {refused.code}")
    request["deploymentId"] += "-nowhere"
    for verb in ["Complete", "Cancel", "Force"]:
        refused = connection.refusal(f"reprieve#{verb}Update", request)
        expect(refused.code == "ResourceNotFoundError", f"{verb}Update is a {refused.code}")
        named = refused.payload.get("resourceName")
        expect(named == request["deploymentId"], f"resourceName is {named!r}")


@check(REPRIEVE, needs_control=True)
def the_status_says_who_blocks(broker):
    """GetStatus has the update, who blocks it, and who is connected."""
    asked(broker)
    status = broker.coordinator().status()
    updates = [one for one in status["updates"] if one["deploymentId"] == broker.update]
    expect(len(updates) == 1, "the update is not there")
    expect(are_named(updates[0]["blockedBy"], [broker.name()]), f"{updates[0]}")
    expect(updates[0]["state"] == "waiting", f"its state is {updates[0]['state']}")
    there = [one for one in status["components"] if is_named(one["component"], broker.name())]
    expect(len(there) == 1, "the component is not there")


@check(REPRIEVE, needs_control=True)
def the_status_can_be_watched(broker):
    """WatchStatus sends the status now, and after each change of an update."""
    connection = broker.coordinator().connection
    stream, _ = connection.subscribe_to("reprieve#WatchStatus")
    component, _, _ = asked(broker)
    component.answer(broker.update, 10 * MINUTE)
    deadline = time.monotonic() + broker.patience
    while time.monotonic() < deadline:
        frame = connection.next_on(stream)
        expect(frame is not None, "nothing is shown")
        expect(frame.model == "reprieve#StatusEvents", f"{frame} where StatusEvents are due")
        for update in frame.json["status"]["updates"]:
            states = [participant["state"] for participant in update["participants"]]
            if update["deploymentId"] == broker.update and states == ["deferred"]:
                return
    expect(False, "the deferral is never shown")


@check(REPRIEVE, needs_control=True)
def history_says_what_was_decided(broker):
    """GetHistory has the decision, its basis and its outcome, newest first."""
    component, gate, _ = asked(broker)
    component.answer(broker.update, 10 * MINUTE, message="recording")
    coordinator = broker.coordinator()
    coordinator.force(broker.update, "it is urgent")
    gate.released("forced")
    coordinator.complete(broker.update, "failed")
    decisions = coordinator.history(limit=1, deploymentId=broker.update)
    expect(len(decisions) == 1, f"{len(decisions)} decisions are there")
    decision = decisions[0]
    expect(decision["basis"] == "forced", f"its basis is {decision.get('basis')}")
    expect(decision["forced"]["reason"] == "it is urgent", f"it says {decision['forced']}")
    expect(decision["outcome"] == "failed", f"its outcome is {decision.get('outcome')}")
    (participant,) = decision["participants"]
    expect(participant["message"] == "recording", f"it says {participant}")


@check(REPRIEVE, needs_control=True)
def metrics_count_what_was_decided(broker):
    """GetMetrics counts a release on its basis, and the deferrals of a component."""
    connection = broker.coordinator().connection

    def forced():
        releases = connection.call("reprieve#GetMetrics")["releases"]
        return sum(sum(one["counts"]) for one in releases if one["basis"] == "forced")

    before = forced()
    component, gate, _ = asked(broker)
    component.answer(broker.update, 10 * MINUTE)
    broker.coordinator().force(broker.update, "it is urgent")
    gate.released("forced")
    expect(forced() == before + 1, "the release is not counted")


@check(REPRIEVE, needs_control=True)
def long_texts_are_cut(broker):
    """A message is cut at 1 KiB, on a character."""
    component, gate, _ = asked(broker)
    component.answer(broker.update, 10 * MINUTE, message="x" + "é" * 600)
    shown = gate.shows(broker.name(), "deferred")["message"]
    expect(shown == "x" + "é" * 511, f"{len(shown.encode())} bytes are kept")
