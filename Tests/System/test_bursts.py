# SPDX-License-Identifier: Apache-2.0
"""Clients that write many requests before they read, or never read."""

import os
import pathlib
import select
import socket
import time

import pytest
from expect import log_lines
from protocol import APPLICATION_MESSAGE, PING, TERMINATE, message

pytestmark = pytest.mark.usefixtures("undisturbed")

UPDATE_STATE = "aws.greengrass#UpdateState"
READ_TIMEOUT = 30
# How long a socket is full before nobody empties it, in seconds: the daemon may have to wait for a
# processor.
FULL = 1


def requests(count):
    frames = [
        message(APPLICATION_MESSAGE, 0, stream, {}, operation=UPDATE_STATE)
        for stream in range(1, count + 1)
    ]
    return b"".join(frames)


def expect_answers(connection, streams):
    for stream in streams:
        frame = connection.next_frame()
        assert (frame.stream, frame.flags) == (stream, TERMINATE)


def write_until_full(connection, data, seconds=FULL):
    """Writes without reading, until the socket has been full so long; returns what is left."""
    opened = connection.socket
    opened.setblocking(False)
    try:
        while data:
            _, writable, _ = select.select([], [opened], [], seconds)
            if not writable:
                break
            data = data[opened.send(data[: 256 * 1024]) :]
    except BlockingIOError:
        pass
    return data


def memory(daemon):
    return int(daemon.statistics()["VmRSS"].split()[0])


def processor_time(daemon):
    fields = pathlib.Path(f"/proc/{daemon.process.pid}/stat").read_text()
    ticks = fields.rpartition(")")[2].split()[11:13]
    return sum(int(count) for count in ticks) / os.sysconf("SC_CLK_TCK")


def test_requests_in_one_write_are_all_answered(daemon):
    connection = daemon.connection().connect("com.example.Burst")
    connection.send(requests(585))
    expect_answers(connection, range(1, 586))


def test_more_requests_than_sockets_hold_are_all_answered_in_order(daemon):
    connection = daemon.connection().connect("com.example.Burst")
    before = memory(daemon)
    left = write_until_full(connection, requests(20_000))
    assert left, "the broker reads on although nobody reads its answers"
    assert memory(daemon) - before < 1024
    answered = 0
    while left:
        # One frame of answers has about 100 bytes: the socket takes more after some hundreds.
        expect_answers(connection, range(answered + 1, answered + 501))
        answered += 500
        left = write_until_full(connection, left, seconds=0.05)
    expect_answers(connection, range(answered + 1, 20_001))
    assert memory(daemon) - before < 2048
    assert not log_lines(daemon, "does not read")


def test_what_a_coordinator_asks_at_once_is_answered_at_the_pace_it_reads(daemon, coordinator):
    names = [f"com.example.C{number:02}" for number in range(40)]
    components = [daemon.component(name) for name in names]
    gate = coordinator.gate("d", components=names)
    for component in components:
        component.notice()
        component.defer("d", 60_000, message="x" * 1_000)
    connection = daemon.coordinator().connection
    before = memory(daemon)
    operation = "reprieve#GetStatus"
    frames = [message(APPLICATION_MESSAGE, 0, n, {}, operation=operation) for n in range(1, 301)]
    assert not write_until_full(connection, b"".join(frames))
    assert memory(daemon) - before < 2048, "12 MB are asked for"
    expect_answers(connection, range(1, 301))
    coordinator.cancel("d")
    assert gate.end()[0] == "cancelled"


@pytest.mark.slow
def test_one_that_asks_and_never_reads_is_hung_up_on(daemon, coordinator):
    before = memory(daemon)
    deaf = {name: daemon.connection().connect(name) for name in ["com.a.Long", "com.a.Short"]}
    for name, size, count in [("com.a.Long", 30_000, 200), ("com.a.Short", 10, 60_000)]:
        assert write_until_full(deaf[name], message(PING, payload=b"x" * size) * count)
    assert memory(daemon) - before < 1024
    start, used = time.monotonic(), processor_time(daemon)
    poll = select.poll()
    for connection in deaf.values():
        poll.register(connection.socket, 0)
    for connection in deaf.values():
        [(descriptor, _), *_] = poll.poll((READ_TIMEOUT + 5) * 1000)
        poll.unregister(descriptor)
    assert READ_TIMEOUT - 2 < time.monotonic() - start
    assert processor_time(daemon) - used < 0.5, "it waits without work"
    assert len(log_lines(daemon, "does not read")) == 2


def test_one_that_will_never_read_again_costs_no_time(daemon, coordinator):
    connection = daemon.connection().connect("com.example.Deaf")
    assert write_until_full(connection, message(PING, payload=b"x" * 1_000) * 2_000)
    connection.socket.shutdown(socket.SHUT_RD)
    # The kernel reports room for what is no longer taken.
    connection.socket.setblocking(False)
    while connection.socket.recv(65_536):
        pass
    used = processor_time(daemon)
    silent = daemon.component("com.example.Silent")
    gate = coordinator.gate("d", {"responseTimeoutMs": 1_000}, components=["com.example.Silent"])
    silent.notice()
    assert gate.released()["silent"] == ["com.example.Silent"]
    coordinator.complete("d")
    assert processor_time(daemon) - used < 0.5
