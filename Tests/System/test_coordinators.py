# SPDX-License-Identifier: Apache-2.0
"""Who makes an update: cancelling, forcing, leaving, coming back."""

import signal
import time

import pytest
from expect import CAMERA, HOUR, refused
from protocol import Connection, Coordinator


def test_cancelling_ends_the_gate_and_tells_the_components(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR)
    assert daemon.coordinator().cancel("d", "wrong version") == {}
    kind, cancelled = gate.end()
    assert (kind, cancelled["reason"]) == ("cancelled", "wrong version")
    assert "uid" in cancelled["by"]
    post = camera.post()
    assert (post["outcome"], post["message"]) == ("cancelled", "wrong version")
    assert coordinator.cancel("d") == {}, "saying it again succeeds"
    refused(lambda: camera.defer("d", 1000), "ServiceError", "d")


def test_forcing_gives_a_last_call_and_opens_the_gate(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR)
    operator = daemon.coordinator()
    assert operator.force("d", "a hole is being used") == {}
    last_call = camera.notice()
    assert (last_call["lastCall"], last_call["respondByMs"]) == (True, 0)
    released = gate.released()
    assert (released["basis"], released["overridden"]) == ("forced", [CAMERA])
    assert operator.force("d") == {}, "saying it again succeeds"
    refused(lambda: operator.cancel("d"), "ConflictError", "released")


def test_a_second_coordinator_attaches_and_hears_the_same_end(daemon, coordinator):
    camera = daemon.component()
    one = coordinator.gate("d", reason="r")
    camera.notice()
    other = daemon.coordinator().gate("d", reason="r")
    assert (one.response["attached"], other.response["attached"]) == (False, True)
    camera.acknowledge("d")
    released = one.released()
    # The first one makes the update, while it is connected.
    assert other.released() == released | {"joined": True}
    late = daemon.coordinator().gate("d", reason="r")
    assert late.released() == released | {"joined": True}
    one.connection.close()
    again = daemon.coordinator().gate("d", reason="r")
    assert again.released() == released


def test_the_same_request_may_be_spelt_in_another_way(daemon, coordinator):
    camera = daemon.component()
    coordinator.connection.subscribe_to(
        "reprieve#GateUpdate", b'{"deploymentId":"d","policy":{"maxDeferMs":1000,"deadlineMs":5e3}}'
    )
    camera.notice()
    again = daemon.coordinator().gate("d", policy={"deadlineMs": 5000, "maxDeferMs": 1000})
    assert again.response["attached"]


def test_another_request_for_the_same_update_is_refused(daemon, coordinator):
    camera = daemon.component()
    coordinator.gate("d", reason="r")
    camera.notice()
    second = daemon.coordinator()
    for request in [{}, {"reason": "other"}, {"reason": "r", "policy": {}}]:
        refused(lambda: second.gate("d", **request), "ConflictError", "another request")


def test_after_its_end_an_id_can_be_announced_again(daemon, coordinator):
    camera = daemon.component()
    for outcome in ["failed", "applied"]:
        gate = coordinator.gate("d", reason=outcome)
        assert camera.notice()["reason"] == outcome
        camera.acknowledge("d")
        gate.released()
        coordinator.complete("d", outcome)
        assert camera.post()["outcome"] == outcome


def test_without_a_coordinator_the_gate_stays_shut_until_it_is_back(daemon):
    camera = daemon.component()
    first = daemon.coordinator()
    first.gate("d")
    camera.notice()
    first.connection.close()
    camera.acknowledge("d")
    second = daemon.coordinator()
    assert second.status()["updates"][0]["state"] == "waiting"
    gate = second.gate("d")
    assert gate.response["attached"]
    assert gate.released()["basis"] == "consent"


def test_ending_the_gate_stream_is_leaving_too(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    coordinator.connection.end_stream(gate.stream)
    camera.acknowledge("d")
    assert coordinator.status()["updates"][0]["state"] == "waiting"
    assert coordinator.gate("d").released()["basis"] == "consent"


@pytest.mark.slow
def test_a_coordinator_that_is_killed_cancels_its_update_after_5_seconds(daemon, processes):
    camera = daemon.component()
    killed = processes.child_coordinator(daemon.control_socket, deploymentId="d")
    camera.notice()
    camera.defer("d", HOUR)
    before = time.monotonic()
    killed.signal(signal.SIGKILL)
    assert camera.post()["outcome"] == "cancelled"
    assert 4.9 < time.monotonic() - before < 7
    assert daemon.coordinator().status()["updates"] == []


@pytest.mark.slow
def test_a_coordinator_that_is_stopped_keeps_its_update_and_costs_no_memory(daemon, processes):
    """By Ctrl-Z, say, while 200 components defer again and again: much progress, and unread."""
    names = [f"com.example.Component{number}" for number in range(200)]
    components = [daemon.component(name) for name in names]
    gate = processes.reprieve(daemon, "gate", "--deployment-id", "d", "--", "echo", "done")
    for component in components:
        component.notice()
    gate.signal(signal.SIGSTOP)

    def defer():
        for component in components:
            component.defer("d", HOUR, message="recording " * 100)
        return int(daemon.statistics()["VmRSS"].split()[0])

    before = defer()
    grown = max(defer() for _ in range(3)) - before
    assert grown < 1024, f"{grown} KiB wait for a coordinator that does not read"
    for component in components:
        component.acknowledge("d")
    gate.signal(signal.SIGCONT)
    code, lines, errors = gate.end()
    assert (code, lines) == (0, ["done"]), errors
    assert "does not read" not in daemon.log.read_text()


def test_an_answer_that_a_socket_does_not_take_at_once_arrives_whole(daemon, coordinator):
    components = [daemon.component(f"com.example.Component{number}") for number in range(300)]
    coordinator.connection.request("reprieve#GateUpdate", {"deploymentId": "d"})
    for component in components:
        component.notice()
        component.defer("d", HOUR, message="recording " * 100)
    operator = daemon.coordinator().connection
    stream = operator.request("reprieve#GetStatus")
    # By the time another client is served, the socket is full.
    daemon.coordinator()
    status = operator.response(stream, "GetStatusResponse").json
    assert len(status["updates"][0]["participants"]) == 300


def test_the_coordinators_own_process_is_not_asked(daemon):
    """It would wait for itself."""
    camera = daemon.component()
    connection = daemon.keep(Connection.open(daemon.control_socket)).connect()
    gate = Coordinator(connection).gate("d")
    assert gate.released()["participants"] == []
    assert camera.connection.is_quiet(0.2)


def test_the_65th_update_at_once_is_refused(daemon, coordinator):
    camera = daemon.component()
    for number in range(64):
        coordinator.gate(f"d{number}", {"deadlineMs": 0}, exclusive=False).released()
        camera.notice()
    more = daemon.coordinator()
    refused(lambda: more.gate("d64"), "ServiceError", "64")
    coordinator.complete("d0")
    assert more.gate("d64").response["participants"] == [CAMERA]


def test_an_update_that_is_released_waits_for_its_completion(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.acknowledge("d")
    gate.released()
    coordinator.connection.close()
    operator = daemon.coordinator()
    assert operator.status()["updates"][0]["state"] == "released"
    assert camera.acknowledge("d")["grantedMs"] == 0, "success, without effect"
    refused(lambda: camera.defer("d", 1000), "ServiceError", "under way")
    operator.complete("d", "rolledBack")
    assert camera.post()["outcome"] == "rolledBack"
    assert operator.complete("d", "rolledBack") == {}, "saying it again succeeds"
