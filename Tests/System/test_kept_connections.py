# SPDX-License-Identifier: Apache-2.0
"""Connections that the service manager keeps: a restart of the daemon, or its death, ends none."""

import os
import re
import signal
import socket
import time

import pytest
from daemon import Daemon
from expect import CAMERA, HOUR, ROBOT, log_lines
from protocol import Component, HungUp
from scripted_upstream import TOKEN
from store import DescriptorStore
from test_activation import listening
from test_upstream import C, beside_nucleus, publish

RESTARTS = 5


class Service:
    """The daemon as systemd runs it: its sockets and its descriptor store outlive it."""

    def __init__(self, directory, sockets, store, *settings):
        self._directory, self._sockets, self.store = directory, sockets, store
        self.settings = settings
        self.daemon = None
        self.start()

    def start(self, *arguments):
        self.daemon = Daemon(
            self._directory, *self.settings, *arguments, sockets=self._sockets, store=self.store
        )  # fmt: skip

    def end(self, number):
        """Ends it by a signal. Where it dies of that, it has done its work for the clients."""
        if number == signal.SIGKILL:
            self.daemon.coordinator().status()
        self.daemon.process.send_signal(number)
        self.daemon.process.wait(10)

    def restart(self, number=signal.SIGKILL, *arguments):
        self.end(number)
        known, self.daemon._connections = self.daemon._connections, []
        self.start(*arguments)
        self.daemon._connections = known


@pytest.fixture
def service(directory):
    paths = [f"{directory}/ipc.socket", f"{directory}/control.socket"]
    with listening(*paths) as sockets, DescriptorStore() as store:
        service = Service(directory, sockets, store)
        yield service
        service.daemon.stop()


def took_back(service):
    """How many connections each daemon took back, and of how many."""
    lines = log_lines(service.daemon, "took back")
    return [tuple(map(int, re.search(r"back (\d+) of (\d+) ", line).groups())) for line in lines]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_component_is_asked_once_and_its_answer_opens_the_gate(service, number):
    camera = service.daemon.component()
    gate = service.daemon.coordinator().gate("d", components=[CAMERA])
    assert camera.notice()["round"] == 1
    service.store.await_connections(2)
    for _ in range(RESTARTS):
        service.restart(number)
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"
    counts = took_back(service)
    assert len(counts) == RESTARTS
    # A daemon that was killed may have been at work for the client that asked for the status.
    lost = 1 if number == signal.SIGKILL else 0
    assert all(known - taken <= lost and taken >= 2 for taken, known in counts)
    with pytest.raises(TimeoutError):
        camera.notice(timeout=0.2)


def test_a_deferral_holds_and_is_lifted_by_its_connection(service):
    camera = service.daemon.component()
    gate = service.daemon.coordinator().gate("d", components=[CAMERA])
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    service.store.await_connections(2)
    service.restart()
    (update,) = service.daemon.coordinator().status()["updates"]
    [participant] = update["participants"]
    assert (participant["state"], participant["deferrals"]) == ("deferred", 1)
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_an_answer_that_was_sent_while_no_daemon_ran_is_heard(service):
    camera = service.daemon.component()
    gate = service.daemon.coordinator().gate("d", components=[CAMERA])
    camera.notice()
    service.store.await_connections(2)
    service.end(signal.SIGKILL)
    request = {"deploymentId": "d", "recheckAfterMs": 0}
    camera.connection.request("DeferComponentUpdate", request)
    service.start()
    assert gate.released()["basis"] == "consent"


def test_what_is_closed_ends_at_the_other_end_too(service):
    camera = service.daemon.component()
    service.store.await_connections(1)
    [name] = service.store.connections
    service.restart()
    camera.connection.send(b"no frame, but more than the twelve bytes of a prelude")
    with pytest.raises(HungUp):
        while True:
            camera.connection.next_frame()
    assert name not in service.store.connections


def test_a_descriptor_without_a_record_is_closed(service):
    camera = service.daemon.component()
    service.store.await_connections(1)
    service.end(signal.SIGKILL)
    os.unlink(service.daemon.directory / "journal")
    service.start()
    with pytest.raises(HungUp):
        camera.connection.next_frame()


def test_a_record_without_a_descriptor_has_the_grace(service):
    camera = service.daemon.component()
    policy = {"responseTimeoutMs": 4_000}
    gate = service.daemon.coordinator().gate("d", components=[CAMERA], policy=policy)
    camera.notice()
    service.store.await_connections(2)
    service.end(signal.SIGKILL)
    camera.connection.close()
    # It has the rest of its response time, and at least the grace.
    began = time.monotonic()
    service.start("--reconnect-grace", "1s")
    assert gate.released()["silent"] == [CAMERA]
    assert time.monotonic() - began >= 1
    [(taken, known)] = took_back(service)
    # And perhaps the client that asked for the status.
    assert known - taken in (1, 2)


def test_a_client_that_connects_in_a_loop_costs_the_service_manager_nothing(service):
    for _ in range(500):
        service.daemon.component().connection.close()
    service.daemon.component()
    service.store.await_connections(1)
    # Of the marks, of the last connection, and of what was open when a second was over.
    assert len(service.store.messages) <= 20


def test_without_marks_nothing_is_taken_back(service):
    camera = service.daemon.component()
    service.store.await_connections(1)
    service.end(signal.SIGKILL)
    service.store.lose("marks")
    service.start()
    with pytest.raises(HungUp):
        camera.connection.next_frame()


def test_a_store_that_is_full_is_said_once_and_the_rest_is_as_without_one(service):
    service.restart(signal.SIGTERM, "--kept-connections", "4")
    components = [service.daemon.component(name) for name in [CAMERA, ROBOT, "a.b", "c.d"]]
    service.store.await_connections(2)
    service.restart(signal.SIGKILL)
    assert len(log_lines(service.daemon, "keeps 2, and has no room")) == 1
    for one in components[2:]:
        with pytest.raises(HungUp):
            one.connection.next_frame()
    status = service.daemon.coordinator().status()
    assert {one["component"] for one in status["components"]} == {CAMERA, ROBOT}


# Beside a nucleus


@pytest.fixture
def beside(service, lite):
    service.settings = ("--upstream", lite.path)
    service.restart(signal.SIGTERM)
    return service


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_connection_goes_on_that_is_passed_on_to_the_nucleus(beside, lite, number):
    camera = beside.daemon.connection().connect(TOKEN)
    topic, _ = camera.subscribe_to("SubscribeToTopic", {"topic": "pictures"})
    component = Component(camera)
    beside.store.await_connections(2)
    for count in range(10):
        beside.restart(number)
        publish(camera, "pictures", count)
        event = camera.event(topic, "aws.greengrass#SubscriptionResponseMessage")
        assert event.json == {"jsonMessage": {"message": count}}
    gate = beside.daemon.coordinator().gate("d")
    assert component.notice()["round"] == 1
    component.acknowledge("d")
    assert gate.released()["basis"] == "consent"
    assert len(lite.connections) == 1


def test_a_program_outlives_ten_deaths_that_ends_with_its_connection(beside, lite, processes):
    program = beside_nucleus(beside.daemon, processes, program=C)
    program.line("ready", timeout=20)
    beside.store.await_connections(2)
    for _ in range(9):
        beside.restart()
    gate = beside.daemon.coordinator().gate("d")
    beside.store.await_connections(3)
    beside.restart()
    assert gate.released()["basis"] == "consent"
    beside.daemon.coordinator().complete("d")
    code, _, errors = program.end(20)
    assert (code, errors) == (0, [])
    assert lite.requests.count("UpdateState") == 1


def test_the_end_of_the_nucleus_while_no_daemon_runs_ends_the_connection(beside, lite):
    camera = beside.daemon.connection().connect(TOKEN)
    beside.store.await_connections(2)
    beside.end(signal.SIGKILL)
    lite.stop()
    beside.start()
    with pytest.raises(HungUp):
        camera.next_frame()


def test_a_second_connection_to_the_nucleus_for_one_client_is_closed(service):
    service.daemon.component()
    service.store.await_connections(1)
    (name,) = service.store.connections
    pairs = [socket.socketpair() for _ in range(2)]
    for slot, (_, kept) in enumerate(pairs, start=0x3000003):
        service.store.keep(f"upstream-{name.split('-')[1]}-{slot}", [kept.detach()])
    service.restart()
    for ours, _ in pairs:
        ours.settimeout(10)
        assert ours.recv(1) == b""
        ours.close()
