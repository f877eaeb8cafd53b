# SPDX-License-Identifier: Apache-2.0
"""Components that die, freeze, come back, or do not read."""

import json
import signal
import time

import pytest
from expect import HOUR, log_lines
from protocol import APPLICATION_MESSAGE, PING, PING_RESPONSE, TERMINATE, Component, message

CHILD = "com.example.Child"


@pytest.fixture
def child(daemon, processes):
    return processes.child_component(daemon.component_socket, CHILD)


@pytest.mark.slow
def test_one_that_is_killed_while_asked_is_away_and_then_gone(daemon, coordinator, child):
    gate = coordinator.gate("d")
    child.line("preUpdateEvent")
    before = time.monotonic()
    child.signal(signal.SIGKILL)
    assert gate.shows(CHILD, "away")["untilMs"] <= 5_000
    released = gate.released()
    assert 4.9 < time.monotonic() - before < 7
    assert (released["basis"], released["silent"]) == ("silence", [CHILD])


@pytest.mark.slow
def test_one_that_is_killed_while_deferred_is_away_and_then_gone(daemon, coordinator, child):
    gate = coordinator.gate("d")
    child.line("preUpdateEvent")
    child.say(deploymentId="d", recheckAfterMs=HOUR)
    gate.shows(CHILD, "deferred")
    child.signal(signal.SIGKILL)
    gate.shows(CHILD, "away")
    assert gate.released()["silent"] == [CHILD]


def test_one_that_returns_in_time_keeps_its_deferral(daemon, coordinator, child):
    gate = coordinator.gate("d")
    child.line("preUpdateEvent")
    child.say(deploymentId="d", recheckAfterMs=HOUR)
    gate.shows(CHILD, "deferred")
    child.signal(signal.SIGKILL)
    gate.shows(CHILD, "away")
    returned = daemon.component(CHILD)
    gate.shows(CHILD, "deferred")
    assert returned.connection.is_quiet(0.2), "it is not asked again"
    returned.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_one_that_is_killed_while_asked_is_asked_again_when_it_returns(
    daemon, coordinator, child
):
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 30_000})
    child.line("preUpdateEvent")
    child.signal(signal.SIGKILL)
    gate.shows(CHILD, "away")
    returned = daemon.component(CHILD)
    assert returned.notice()["respondByMs"] < 30_000, "hanging up has not restarted its time"
    returned.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_one_that_is_killed_after_it_acknowledged_does_not_block(daemon, coordinator, child):
    camera = daemon.component()
    gate = coordinator.gate("d")
    child.line("preUpdateEvent")
    camera.notice()
    child.say(deploymentId="d", recheckAfterMs=0)
    gate.shows(CHILD, "acknowledged")
    child.signal(signal.SIGKILL)
    child.end()
    camera.acknowledge("d")
    assert gate.released(timeout=2)["basis"] == "consent"


def test_one_that_is_stopped_is_silent_and_hears_the_rest_when_it_goes_on(
    daemon, coordinator, child
):
    camera = daemon.component()
    child.signal(signal.SIGSTOP)
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 500})
    camera.notice()
    camera.acknowledge("d")
    released = gate.released()
    assert released["silent"] == [CHILD]
    assert 500 <= released["waitedMs"] < 2_500
    coordinator.complete("d")
    assert camera.post()["outcome"] == "applied"
    child.signal(signal.SIGCONT)
    assert json.loads(child.line("preUpdateEvent"))["preUpdateEvent"]["deploymentId"] == "d"
    assert json.loads(child.line("postUpdateEvent"))["postUpdateEvent"]["outcome"] == "applied"


def flood(daemon, coordinator, until):
    """Updates of 1 KiB each that nobody is waited for, until a condition holds."""
    number = 0
    while not until():
        number += 1
        assert number < 2_000, "nobody was hung up on"
        gate = coordinator.gate(f"f{number}", reason="x" * 1_000, policy={"deadlineMs": 0})
        gate.released()
        coordinator.complete(f"f{number}", message="y" * 1_000)
    return number


def connections(coordinator, name):
    components = coordinator.status()["components"]
    return sum(c["connections"] for c in components if c["component"] == name)


def test_one_that_is_stopped_for_long_is_hung_up_on_and_others_hear_all(
    daemon, coordinator, child, processes
):
    other = processes.child_component(daemon.component_socket, "com.example.Other")
    child.signal(signal.SIGSTOP)
    memory = int(daemon.statistics()["VmRSS"].split()[0])
    count = flood(daemon, coordinator, lambda: connections(coordinator, CHILD) == 0)
    for number in range(1, count + 1):
        event = json.loads(other.line("preUpdateEvent"))["preUpdateEvent"]
        assert event["deploymentId"] == f"f{number}"
    grown = int(daemon.statistics()["VmRSS"].split()[0]) - memory
    assert grown < 8 * 1024, f"what waits for one peer is bounded, but {grown} KiB were taken"
    assert log_lines(daemon, "does not read")
    child.signal(signal.SIGCONT)
    child.line('"f1"')
    child.end()


def test_one_that_never_reads_is_hung_up_on(daemon, coordinator):
    deaf = daemon.component("com.example.Deaf")
    flood(daemon, coordinator, lambda: connections(coordinator, "com.example.Deaf") == 0)
    assert deaf.connection.ends()


def test_a_second_subscription_of_a_connection_hears_everything_too(daemon, coordinator):
    one = daemon.component()
    other = Component(one.connection)
    gate = coordinator.gate("d")
    assert one.notice() == other.notice()
    one.acknowledge("d")
    gate.released()
    coordinator.complete("d")
    assert one.post() == other.post()


def test_ending_the_subscription_is_leaving(daemon, coordinator):
    camera = daemon.component()
    camera.connection.end_stream(camera.stream)
    # TERMINATE may be said twice: both sides can end a stream at the same time.
    camera.connection.end_stream(camera.stream)
    assert camera.connection.call("UpdateState", {"state": "RUNNING"}) == {}
    assert coordinator.gate("d").released()["participants"] == []
    assert camera.connection.is_quiet(0.2)


def test_a_message_on_an_open_subscription_ends_that_stream_only(daemon):
    camera = daemon.component()
    camera.connection.send(message(APPLICATION_MESSAGE, 0, camera.stream, {}))
    answer = camera.connection.next_on(camera.stream)
    assert answer.flags == TERMINATE
    assert answer.headers["service-model-type"] == "aws.greengrass#ServiceError"
    assert camera.connection.call("UpdateState", {"state": "RUNNING"}) == {}


def test_a_ping_is_answered_with_its_own_payload(daemon):
    connection = daemon.connection().connect("com.example.Camera")
    connection.send(message(PING, payload=b"\x00\xff", hello="there"))
    answer = connection.next_frame()
    assert (answer.type, answer.stream, answer.flags) == (PING_RESPONSE, 0, 0)
    assert (answer.payload, answer.headers["hello"]) == (b"\x00\xff", "there")


def test_update_state_is_accepted_so_that_greengrass_components_start(daemon):
    connection = daemon.connection().connect("com.example.Camera")
    for state in ["RUNNING", "ERRORED"]:
        assert connection.call("UpdateState", {"state": state}) == {}


def test_an_answer_may_come_over_another_connection_of_the_component(daemon, coordinator):
    camera = daemon.component()
    other = daemon.connection().connect("com.example.Camera")
    gate = coordinator.gate("d")
    camera.notice()
    other.call("DeferComponentUpdate", {"deploymentId": "d", "recheckAfterMs": 0})
    assert gate.released()["basis"] == "consent"


def test_frames_to_components_stay_below_what_the_c_sdk_takes(daemon, coordinator):
    camera = daemon.component()
    names = ["com.example.Camera"] + [f"com.example.Component{n:04}" for n in range(1_000)]
    coordinator.gate("d", components=names, reason="ü" * 2_000)
    notice = camera.connection.next_on(camera.stream)
    assert len(notice.payload) < 8 * 1024
    pre = notice.json["preUpdateEvent"]
    assert "components" not in pre
    assert pre["reason"] == "ü" * 512


def test_each_process_of_a_name_speaks_for_itself(processes, daemon, coordinator):
    ready, busy = (processes.child_component(daemon.component_socket) for _ in range(2))
    gate = coordinator.gate("d-1")
    for program in (ready, busy):
        program.line("preUpdateEvent")
    ready.say(deploymentId="d-1", recheckAfterMs=0)
    ready.line("grantedMs")
    busy.say(deploymentId="d-1", recheckAfterMs=300)
    busy.line("grantedMs")
    assert json.loads(busy.line("preUpdateEvent"))["preUpdateEvent"]["round"] == 2
    (participant,) = coordinator.status()["updates"][0]["participants"]
    assert participant["state"] == "asked"
    busy.say(deploymentId="d-1", recheckAfterMs=0)
    assert gate.released()["basis"] == "consent"
    coordinator.complete("d-1")
    busy.line("postUpdateEvent")
    ready.line("postUpdateEvent")
    ready.signal(signal.SIGTERM)
    # It had agreed, and is not asked again for the other one's sake.
    assert sum("preUpdateEvent" in line for line in ready.end()[1]) == 1
