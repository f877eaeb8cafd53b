# SPDX-License-Identifier: Apache-2.0
"""Beside a nucleus: one connection for what is served here and for what the nucleus serves."""

import importlib.util
import json
import os
import socket
import sys
import threading
import time

import pytest
from processes import HERE
from protocol import (
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT_ACK,
    PING,
    PING_RESPONSE,
    TERMINATE,
    TIMEOUT,
    Component,
    Failed,
    encode,
    message,
)
from scripted_upstream import NAME, TOKEN, JavaNucleus, Lite, nucleus_in
from test_transparent import wait_until

needs_sdk = pytest.mark.skipif(
    importlib.util.find_spec("awsiot") is None,
    reason="awsiotsdk is not installed; Tests/run.sh installs it",
)


@pytest.fixture(params=[Lite, JavaNucleus])
def upstream(request, directory):
    with nucleus_in(directory, request.param) as upstream:
        yield upstream


@pytest.fixture
def nucleus(directory):
    with nucleus_in(directory, JavaNucleus) as upstream:
        yield upstream


@pytest.fixture
def daemon(start, directory):
    return start("--upstream", f"{directory}/nucleus.socket")


@pytest.fixture
def camera(upstream, daemon):
    return daemon.connection().connect(TOKEN)


def status(coordinator):
    return coordinator.connection.call("reprieve#GetStatus")["upstream"]


def publish(connection, topic, text):
    sent = {"topic": topic, "publishMessage": {"jsonMessage": {"message": text}}}
    return connection.call("PublishToTopic", sent)


# What works


def test_one_connection_publishes_receives_reads_its_configuration_and_defers(
    camera, upstream, coordinator
):
    assert camera.call("GetConfiguration") == {"componentName": NAME, "value": {"interval": 5}}
    topic, _ = camera.subscribe_to("SubscribeToTopic", {"topic": "pictures"})
    component = Component(camera)
    publish(camera, "pictures", "one")
    model = "aws.greengrass#SubscriptionResponseMessage"
    assert camera.event(topic, model).json == {"jsonMessage": {"message": "one"}}
    gate = coordinator.gate("d")
    assert component.notice()["deploymentId"] == "d"
    component.defer("d", 60_000)
    publish(camera, "pictures", "two")
    assert camera.event(topic, model).json == {"jsonMessage": {"message": "two"}}
    component.acknowledge("d")
    assert gate.released()["basis"] == "consent"
    coordinator.complete("d")
    assert component.post()["outcome"] == "applied"
    assert camera.call("UpdateState", {"state": "RUNNING"}) == {}
    assert "UpdateState" in upstream.requests
    assert "DeferComponentUpdate" not in upstream.requests
    now = coordinator.connection.call("reprieve#GetMetrics")["now"]
    assert (now["componentConnections"], now["controlConnections"]) == (1, 1)
    assert status(coordinator) == {
        "socket": str(upstream.path), "state": "serving", "connections": 1, "refusals": 0,
        "losses": 0,
    }  # fmt: skip


def test_a_component_without_a_unit_bears_the_name_that_the_nucleus_gives(camera, coordinator):
    Component(camera)
    assert coordinator.gate("d").response["participants"] == [NAME]


def test_a_ping_is_answered_here(camera, upstream):
    camera.send(message(PING, payload=b"x"))
    answer = camera.next_frame()
    assert (answer.type, answer.payload) == (PING_RESPONSE, b"x")


def test_a_stream_that_the_client_ends_is_ended_at_the_nucleus(camera, upstream):
    topic, _ = camera.subscribe_to("SubscribeToTopic", {"topic": "pictures"})
    camera.end_stream(topic)
    camera.end_stream(topic)
    publish(camera, "pictures", "unheard")
    assert camera.is_quiet(0.3)
    assert upstream._topics == []


def test_a_nucleus_that_makes_updates_itself_goes_on_asking(nucleus, daemon, coordinator):
    component = Component(daemon.connection().connect(TOKEN))
    assert nucleus.subscribed.acquire(timeout=TIMEOUT)
    nucleus.announce("theirs")
    notice = component.notice()
    assert notice == {"deploymentId": "theirs", "isGgcRestarting": False}
    gate = coordinator.gate("ours")
    assert component.notice()["deploymentId"] == "ours"
    component.defer("theirs", 15_000)
    assert nucleus.answers == [{"deploymentId": "theirs", "recheckAfterMs": 15_000}]
    component.acknowledge("ours")
    gate.released()
    nucleus.complete("theirs")
    assert component.post() == {"deploymentId": "theirs"}
    assert len(nucleus.answers) == 1


def test_an_update_of_the_nucleus_waits_while_one_of_ours_is_under_way(
    nucleus, daemon, coordinator
):
    component = Component(daemon.connection().connect(TOKEN))
    assert nucleus.subscribed.acquire(timeout=TIMEOUT)
    gate = coordinator.gate("ours")
    component.notice()
    answer = {
        "deploymentId": "theirs", "recheckAfterMs": 10_000,
        "message": "update ours of reprieved goes first",
    }  # fmt: skip
    for count in (1, 2):
        nucleus.announce("theirs")
        wait_until(lambda count=count: nucleus.answers == [answer] * count)
        if count == 1:
            component.acknowledge("ours")
            gate.released()
    coordinator.complete("ours")
    assert component.post()["deploymentId"] == "ours"
    nucleus.announce("theirs")
    assert component.notice()["deploymentId"] == "theirs"
    component.acknowledge("theirs")
    assert nucleus.answers[-1] == {"deploymentId": "theirs", "recheckAfterMs": 0}


def test_a_claim_and_a_token_of_ours_need_no_nucleus(daemon, coordinator):
    daemon.component("com.example.Own")
    assert status(coordinator)["state"] == "unused"
    assert coordinator.gate("d").response["participants"] == ["com.example.Own"]


# What Greengrass Lite would hang up on


def test_a_request_that_is_too_long_costs_its_stream_only(lite, daemon):
    camera = daemon.connection().connect(TOKEN)
    with pytest.raises(Failed, match="the upstream takes no more than 10012") as failed:
        publish(camera, "pictures", "x" * 10_000)
    assert failed.value.model == "ServiceError"
    publish(camera, "pictures", "x" * 9_000)


def test_a_header_that_lite_does_not_read_costs_its_stream_only(lite, daemon):
    camera = daemon.connection().connect(TOKEN)
    names = {":message-type": APPLICATION_MESSAGE, ":message-flags": 0, ":stream-id": 1}
    camera.send(encode(names | {"operation": "aws.greengrass#UpdateState", "x": (5, bytes(8))}))
    answer = camera.next_on(1)
    assert (answer.type, answer.flags) == (APPLICATION_ERROR, TERMINATE)
    assert "int32 and string" in answer.json["message"]


def test_half_a_frame_waits_here_until_it_is_whole(lite, daemon):
    camera = daemon.connection().connect(TOKEN)
    other = daemon.connection().connect(TOKEN)
    frame = message(APPLICATION_MESSAGE, 0, 1, {}, operation="aws.greengrass#UpdateState")
    camera.send(frame[:-1])
    assert other.call("UpdateState", {}) == {}
    assert lite.requests.count("UpdateState") == 1
    camera.send(frame[-1:])
    assert camera.next_on(1).flags == TERMINATE


def test_a_connection_without_connect_takes_no_place_at_the_nucleus(lite, daemon, coordinator):
    idle = [daemon.connection() for _ in range(5)]
    daemon.connection().connect(TOKEN)
    assert len(lite.connections) == 1
    assert status(coordinator)["connections"] == 1
    assert len(idle) == 5


# Bad input


def denied(daemon, token=TOKEN):
    connection = daemon.connection()
    connection.say_connect(token)
    answer = connection.next_frame()
    assert (answer.type, answer.flags, answer.stream) == (CONNECT_ACK, 0, 0)
    assert connection.ends()


def test_a_nucleus_that_is_not_there_is_a_denial(daemon, coordinator, directory):
    denied(daemon)
    shown = status(coordinator)
    assert (shown["state"], shown["refusals"]) == ("unreachable", 1)
    assert f"{directory}/nucleus.socket" in shown["message"]
    assert "No such file" in daemon.log.read_text()


def test_a_token_that_the_nucleus_does_not_know_is_a_denial(upstream, daemon, coordinator):
    denied(daemon, "bm90IGEgdG9rZW4=")
    shown = status(coordinator)
    assert (shown["state"], shown["refusals"]) == ("unused", 1)
    # Lite hangs up instead.
    log = daemon.log.read_text()
    assert "the upstream denied its token" in log or "the upstream hung up" in log


def test_a_nucleus_that_is_full_is_a_denial(directory, daemon, coordinator):
    lite = Lite(f"{directory}/nucleus.socket", clients=1)
    first = daemon.connection().connect(TOKEN)
    denied(daemon)
    assert first.call("UpdateState", {}) == {}
    lite.stop()
    assert lite.violations == []


def test_the_end_of_the_nucleus_ends_the_connection_and_its_return_is_enough(
    upstream, daemon, coordinator
):
    camera = daemon.connection().connect(TOKEN)
    upstream.stop()
    assert camera.ends(1)
    shown = status(coordinator)
    assert (shown["state"], shown["losses"], shown["connections"]) == ("lost", 1, 0)
    upstream.tokens = {"b3RoZXIgdG9rZW4h": NAME}
    upstream.start()
    denied(daemon)
    again = daemon.connection().connect("b3RoZXIgdG9rZW4h")
    assert again.call("UpdateState", {}) == {}
    assert status(coordinator)["state"] == "serving"


def test_a_deferral_outlives_the_nucleus(upstream, start, directory):
    daemon = start("--upstream", upstream.path, "--reconnect-grace", "200ms")
    component = Component(daemon.connection().connect(TOKEN))
    gate = daemon.coordinator().gate("d")
    component.notice()
    began = time.monotonic()
    component.defer("d", 3_000)
    upstream.stop()
    assert component.connection.ends(1)
    # After a hang-up of its own it would be gone after 200 ms.
    assert gate.released()["silent"] == [NAME]
    assert 3 < time.monotonic() - began < 5


def test_a_process_that_the_nucleus_hangs_up_on_is_waited_for(upstream, start, processes):
    daemon = start("--upstream", upstream.path, "--reconnect-grace", "1s")
    socket = daemon.component_socket
    busy, ready = (processes.child_component(socket, TOKEN) for _ in range(2))
    gate = daemon.coordinator().gate("d")
    for program in (busy, ready):
        program.line("preUpdateEvent")
    began = time.monotonic()
    upstream.hang_up(upstream.connections[0])
    busy.line("hung up")
    ready.say(deploymentId="d", recheckAfterMs=0)
    assert gate.released()["basis"] == "consent"
    # After a hang-up of its own it would not be waited for at all.
    assert 1 <= time.monotonic() - began < 4


def test_a_nucleus_that_says_nothing_is_a_denial_before_the_sdk_gives_up(
    daemon, directory, coordinator
):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{directory}/nucleus.socket")
        listener.listen(1)
        began = time.monotonic()
        denied(daemon)
        assert 7 < time.monotonic() - began < 9.5
    assert status(coordinator)["state"] == "unreachable"


def test_a_nucleus_whose_queue_is_full_is_waited_for(daemon, directory):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{directory}/nucleus.socket")
        listener.listen(0)
        waiting = socket.socket(socket.AF_UNIX)
        waiting.connect(f"{directory}/nucleus.socket")
        camera = daemon.connection()
        camera.say_connect(TOKEN)
        assert camera.is_quiet(0.3)
        listener.settimeout(TIMEOUT)
        listener.accept()[0].close()
        accepted, _ = listener.accept()
        with accepted, waiting:
            accepted.settimeout(TIMEOUT)
            assert accepted.recv(1)


@pytest.mark.parametrize(
    "nonsense",
    [
        bytes(64),
        message(CONNECT_ACK, 1) + message(CONNECT_ACK, 1),
        message(CONNECT_ACK, 1) + message(APPLICATION_MESSAGE, 0, 7, {}),
        message(CONNECT_ACK, 1) + message(APPLICATION_MESSAGE, 0, -1, {}),
        message(CONNECT_ACK, 1) + encode({"x": 1}),
        message(6, 0, 0, {"message": "you are wrong"}),
        message(APPLICATION_MESSAGE, 0, 1, {}),
    ],
)
def test_nonsense_from_the_nucleus_ends_this_connection_only(
    daemon, undisturbed, directory, nonsense
):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{directory}/nucleus.socket")
        listener.listen(1)
        camera = daemon.connection()
        camera.say_connect(TOKEN)
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(nonsense)
            assert camera.ends(3)
            accepted.settimeout(TIMEOUT)
            while accepted.recv(4096):
                pass


def test_recipe_runner_is_told_where_to_set_the_path(daemon, lite):
    # In a unit of a component; here only the log of the denial is looked at, by its unit test.
    connection = daemon.connection()
    connection.say_connect(payload={"componentName": NAME})
    assert connection.next_frame().flags == 1


# Back-pressure


def memory(daemon):
    return int(daemon.statistics()["VmRSS"].split()[0])


def test_a_client_that_does_not_read_stops_the_nucleus_and_not_the_memory(lite, daemon):
    camera = daemon.connection().connect(TOKEN)
    other = daemon.connection().connect(TOKEN)
    stream = camera.request("SubscribeToTopic", {"topic": "flood"})
    assert camera.next_on(stream).flags == 0
    before = memory(daemon)
    flooding = threading.Thread(target=flood, args=[lite], daemon=True)
    flooding.start()
    flooding.join(1)
    assert flooding.is_alive(), "the nucleus writes as far as the sockets take, and waits"
    assert memory(daemon) - before < 2_000
    assert other.call("UpdateState", {}) == {}
    # It reads on, and gets all of it.
    seen = sum(1 for _ in range(5_000) if camera.next_on(stream))
    assert seen == 5_000
    flooding.join(TIMEOUT)
    assert not flooding.is_alive()


def flood(lite):
    connection, stream, _ = lite._topics[0]
    connection.socket.settimeout(30)
    event = message(
        APPLICATION_MESSAGE, 0, stream, {"x": "y" * 1_000},
        content_type="application/json", service_model_type="aws.greengrass#X",
    )  # fmt: skip
    for _ in range(5_000):
        connection.socket.sendall(event)


def test_a_nucleus_that_does_not_read_stops_the_client_and_not_the_memory(daemon, directory):
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{directory}/nucleus.socket")
        listener.listen(1)
        camera = daemon.connection()
        camera.say_connect(TOKEN)
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(message(CONNECT_ACK, 1))
            before = memory(daemon)
            sent = write_until_full(camera.socket, connect_and_name(camera, accepted))
            assert sent < 8_000_000
            assert memory(daemon) - before < 2_000
            # What was sent arrives whole when it reads.
            accepted.settimeout(TIMEOUT)
            received = 0
            while received < sent:
                received += len(accepted.recv(65_536))
            assert received == sent


def connect_and_name(camera, accepted):
    accepted.settimeout(TIMEOUT)
    seen = b""
    while b"GetConfigurationRequest" not in seen or not seen.endswith(b"{}", 0, -4):
        seen += accepted.recv(65_536)
    name = {"componentName": NAME}
    accepted.sendall(
        message(APPLICATION_MESSAGE, TERMINATE, 1, name, content_type="application/json")
    )
    assert camera.next_frame().flags == 1
    return lambda stream: message(
        APPLICATION_MESSAGE, 0, stream, {"x": "y" * 4_000}, operation="aws.greengrass#UpdateState"
    )


def write_until_full(client, frame):
    """Bytes of the whole frames that a client could write."""
    client.settimeout(0.5)
    sent = 0
    for stream in range(1, 100_000):
        rest = frame(stream)
        while rest:
            try:
                count = client.send(rest)
            except TimeoutError:
                return sent
            rest = rest[count:]
        sent += len(frame(stream))
    raise AssertionError("the client was never stopped")


# AWS's own client, and one that keeps to the limits of its SDK for C


def beside_nucleus(daemon, processes, token=TOKEN, program="aws_beside_nucleus.py"):
    environment = {
        "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": str(daemon.component_socket),
        "SVCUID": token,
        "PATH": os.environ["PATH"],
    }
    return processes.start(sys.executable, HERE / program, env=environment)


AWS, C = "aws_beside_nucleus.py", "c_beside_nucleus.py"
WHY = {"why": "the upstream answered ServiceError, without a text"}


@pytest.mark.parametrize("client", [pytest.param(AWS, marks=needs_sdk), C])
def test_the_sdk_has_both_on_one_connection(upstream, daemon, coordinator, processes, client):
    program = beside_nucleus(daemon, processes, program=client)
    program.line("ready", timeout=20)
    assert len(upstream.connections) == 1
    gate = coordinator.gate("d")
    assert gate.released()["basis"] == "consent"
    coordinator.complete("d")
    code, lines, errors = program.end(20)
    assert (code, errors) == (0, [])
    lines = [json.loads(line) for line in lines]
    assert lines == [
        {"state": "UpdateStateResponse"},
        {"component": NAME, "value": {"interval": 5}},
        {"refused": "ServiceError"} | (WHY if client == AWS else {}),
        {"received": {"text": "one"}},
        {"ready": True},
        {"pre": "d", "answered": 300},
        {"pre": "d", "answered": 0},
        {"post": "d"},
    ]
    assert set(upstream.requests) >= {"UpdateState", "SubscribeToTopic", "PublishToTopic"}


def test_a_client_that_ends_with_its_connection_ends_with_the_nucleus(
    upstream, daemon, processes
):
    program = beside_nucleus(daemon, processes, program=C)
    program.line("ready")
    upstream.stop()
    code, _, errors = program.end(5)
    assert (code, errors) == (1, ["the connection has ended"])


@needs_sdk
def test_the_sdk_is_told_that_the_nucleus_denies_it(upstream, daemon, processes):
    code, _, errors = beside_nucleus(daemon, processes, "bm90IGEgdG9rZW4=").end(20)
    assert code != 0
    assert "AccessDeniedError" in "".join(errors)
