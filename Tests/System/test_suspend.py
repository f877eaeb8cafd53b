# SPDX-License-Identifier: Apache-2.0
"""The device is suspended while an update waits: `Protocol/negotiation.md`, invariants 2 and 5.

The daemon is told so by clocks of its own: suspend.c.
"""

import os
import pathlib

import pytest
from expect import CAMERA, HOUR, ROBOT

MINUTE = 60_000


@pytest.fixture
def daemon(suspend):
    return suspend.daemon


@pytest.fixture(params=["the alarm is first", "a peer is first"])
def sleep(request, suspend):
    """Sleeps, and on waking either nobody speaks or somebody does."""
    speaker = suspend.daemon.coordinator() if request.param == "a peer is first" else None

    def sleep(milliseconds):
        if not speaker:
            return suspend.sleep(milliseconds)
        streams = []
        # The daemon waits, so that the sleep comes before what is said.
        suspend.sleep(0)
        suspend.sleep(
            milliseconds, lambda: streams.append(speaker.connection.request("reprieve#GetStatus"))
        )
        speaker.connection.response(streams[0], "GetStatusResponse")

    return sleep


def test_who_was_asked_before_a_sleep_has_its_time_after_it(daemon, coordinator, sleep):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"responseTimeoutMs": MINUTE, "deadlineMs": 24 * HOUR})
    assert camera.notice()["respondByMs"] > 50_000
    sleep(HOUR)
    shown = gate.shows(CAMERA, "asked")
    assert 50_000 < shown["untilMs"] <= MINUTE
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_a_deadline_that_passed_asleep_ends_a_response_time_after_waking(
    daemon, coordinator, sleep
):
    camera = daemon.component()
    policy = {"responseTimeoutMs": 2_000, "deadlineMs": 10 * MINUTE}
    gate = coordinator.gate("d", policy=policy)
    camera.notice()
    camera.defer("d", 9 * MINUTE)
    gate.shows(CAMERA, "deferred")
    sleep(HOUR)
    asked = camera.notice()
    assert 1_500 < asked["respondByMs"] <= 2_000
    last_call = asked if asked.get("lastCall") else camera.notice()
    assert last_call["lastCall"] and last_call["final"]
    assert 1_500 < last_call["deadlineInMs"] <= 2_000
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_after_such_a_deadline_the_gate_opens_regardless(daemon, coordinator, sleep):
    camera = daemon.component()
    policy = {"responseTimeoutMs": 500, "deadlineMs": 10 * MINUTE}
    gate = coordinator.gate("d", policy=policy)
    camera.notice()
    camera.defer("d", 9 * MINUTE)
    gate.shows(CAMERA, "deferred")
    sleep(HOUR)
    released = gate.released()
    assert released["basis"] == "deadline"
    assert released["waitedMs"] >= HOUR + 500


def test_a_budget_that_ended_asleep_ends_a_response_time_after_waking(
    daemon, coordinator, sleep
):
    camera = daemon.component()
    policy = {"responseTimeoutMs": 500, "maxTotalDeferMs": 10 * MINUTE}
    gate = coordinator.gate("d", policy=policy)
    camera.notice()
    camera.defer("d", 9 * MINUTE)
    gate.shows(CAMERA, "deferred")
    sleep(HOUR)
    assert 0 < camera.notice()["respondByMs"] <= 500
    assert gate.released()["basis"] in ["capped", "silence"]


def test_a_component_that_hung_up_has_its_grace_after_a_sleep(daemon, coordinator, sleep):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.connection.close()
    gate.shows(CAMERA, "away")
    sleep(HOUR)
    camera = daemon.component()
    assert camera.notice()["deploymentId"] == "d"
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_a_coordinator_that_hung_up_has_its_grace_after_a_sleep(daemon, coordinator, sleep):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    coordinator.connection.close()
    # What is answered now comes after the hang-up.
    daemon.connection().connect(ROBOT)
    sleep(HOUR)
    gate = daemon.coordinator().gate("d")
    assert gate.response["attached"]
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_a_question_asked_after_a_sleep_is_no_longer_for_it(daemon, coordinator, sleep):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 1_000})
    camera.notice()
    camera.defer("d", 30 * MINUTE)
    gate.shows(CAMERA, "deferred")
    sleep(HOUR)
    assert camera.notice()["respondByMs"] <= 1_000
    daemon.component(ROBOT)
    released = gate.released()
    assert released["basis"] == "silence"
    assert released["waitedMs"] < HOUR + 5_000


def test_a_deferral_that_ran_out_asleep_is_asked_about_on_waking(daemon, coordinator, sleep):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"responseTimeoutMs": MINUTE})
    camera.notice()
    camera.defer("d", 30 * MINUTE)
    gate.shows(CAMERA, "deferred")
    sleep(HOUR)
    notice = camera.notice()
    assert (notice["round"], notice["respondByMs"] > 50_000) == (2, True)


def test_one_that_was_asked_before_a_death_and_a_sleep_has_its_time_after_them(
    daemon, coordinator, suspend
):
    suspend.sleep(HOUR)
    camera = daemon.component()
    coordinator.gate("d", policy={"responseTimeoutMs": MINUTE})
    camera.notice()
    second = suspend.sleep_without_daemon(HOUR)
    gate = second.coordinator().gate("d", policy={"responseTimeoutMs": MINUTE})
    assert gate.response["attached"]
    camera = second.component()
    assert 50_000 < camera.notice()["respondByMs"] <= MINUTE
    assert 50_000 < gate.shows(CAMERA, "asked")["untilMs"] <= MINUTE
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_a_hook_has_its_time_after_a_sleep(
    daemon, coordinator, processes, make_clocks, directory
):
    """Of the program that waits for its answer, as of the broker, time asleep is no time."""
    clocks = make_clocks("listen")
    answer, hook = (pathlib.Path(directory, name) for name in ["answer", "hook"])
    os.mkfifo(answer)
    hook.write_text(f"#!/bin/sh\necho begun >&2\nread line < {answer}\n")
    hook.chmod(0o755)
    arguments = ["listen", "--exec", hook]
    environment = os.environ | clocks.environment
    program = processes.reprieve_component(daemon, *arguments, env=environment)
    program.error_line("listening")
    gate = coordinator.gate("d")
    program.error_line("begun")
    clocks.sleep(program.process, HOUR)
    line = os.open(answer, os.O_RDWR)
    # The final notice has the hook run once more.
    os.write(line, b"ready\nready\n")
    assert gate.released()["basis"] == "consent"
    os.close(line)


def test_a_lost_broker_is_looked_for_while_the_device_is_awake(start, processes, make_clocks):
    clocks = make_clocks("gate")
    first = start()
    camera = first.component()
    environment = os.environ | clocks.environment
    gate = processes.reprieve(first, "gate", "--", "true", env=environment)
    update = camera.notice()["deploymentId"]
    camera.defer(update, HOUR)
    gate.error_line(f"waiting for {CAMERA}")
    first.kill()
    gate.error_line("again")
    clocks.sleep(gate.process, HOUR)
    start().component().acknowledge(update)
    assert gate.end()[0] == 0
