# SPDX-License-Identifier: Apache-2.0
"""What the daemon logs, and how often."""

import pytest
from expect import HOUR, log_lines
from protocol import Failed


def test_a_request_is_announced_joined_or_neither(daemon, coordinator):
    daemon.component()
    coordinator.gate("d", reason="r")
    with pytest.raises(Failed):
        daemon.coordinator().gate("d", reason="another")
    assert len(log_lines(daemon, '"d" was announced')) == 1
    assert not log_lines(daemon, "was joined")
    daemon.coordinator().gate("d", reason="r")
    assert len(log_lines(daemon, '"d" was announced')) == 1
    assert len(log_lines(daemon, '"d" was joined')) == 1


def test_an_update_that_is_one_too_many_is_not_announced(daemon, coordinator):
    for number in range(64):
        coordinator.gate(f"d{number}", exclusive=False).released()
    with pytest.raises(Failed):
        daemon.coordinator().gate("d64")
    assert len(log_lines(daemon, "was announced")) == 64


def test_only_an_update_that_waits_is_forced(daemon, coordinator):
    camera = daemon.component()
    with pytest.raises(Failed):
        coordinator.force("d")
    gate = coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR)
    coordinator.force("d", "a hole is being used")
    gate.released()
    coordinator.force("d")
    (line,) = log_lines(daemon, "was forced")
    assert "a hole is being used" in line


def test_connections_that_are_denied_one_after_another_are_one_line(daemon):
    for _ in range(50):
        connection = daemon.connection()
        connection.say_connect()
        assert connection.next_frame().flags == 0
        connection.close()
    assert len(log_lines(daemon, "denied")) == 1
