# SPDX-License-Identifier: Apache-2.0
"""The daemon and logind, on a bus of the test's own."""

import os
import pathlib
import select
import socket
import time

import pytest
from expect import CAMERA, HOUR, ROBOT
from logind import Bus, Logind, Stranger
from protocol import TIMEOUT


@pytest.fixture
def bus(directory):
    bus = Bus(pathlib.Path(directory))
    yield bus
    bus.stop()


@pytest.fixture
def logind(bus):
    return Logind(bus)


def await_log(daemon, text, times=1):
    """Waits until the daemon has said something so many times."""
    deadline = time.monotonic() + TIMEOUT
    with open(daemon.log, "rb") as log:
        watch = os.pidfd_open(daemon.process.pid)
        said = ""
        while said.count(text) < times:
            assert time.monotonic() < deadline, f"{text!r} is not said {times} times:\n{said}"
            select.select([watch], [], [], 0.01)
            said += log.read().decode()
        os.close(watch)
    return said


def test_an_inhibitor_is_held_while_a_component_is_subscribed(logind, daemon):
    assert logind.nobody_asks()
    camera = daemon.component(CAMERA)
    inhibitor = logind.inhibitor()
    assert (inhibitor.what, inhibitor.mode, inhibitor.who) == ("shutdown", "delay", "Reprieve")
    robot = daemon.component(ROBOT)
    camera.connection.close()
    assert inhibitor.is_held(0.1)
    robot.connection.close()
    assert inhibitor.is_let_go()
    daemon.component(CAMERA)
    assert logind.inhibitor().is_held()


@pytest.mark.parametrize(
    "kind, disruption, reason",
    [
        ("reboot", "reboot", "the machine reboots"),
        ("soft-reboot", "soft-reboot", "the machine reboots, but for its kernel"),
        ("poweroff", "power-off", "the machine powers off"),
        ("something-new", "reboot", "the machine shuts down"),
    ],
)
def test_components_hear_what_kind_of_shutdown_it_is(logind, daemon, kind, disruption, reason):
    camera = daemon.component(CAMERA)
    inhibitor = logind.inhibitor()
    logind.prepare(True, kind)
    notice = camera.notice()
    assert (notice["reason"], notice["disruption"]) == (reason, disruption)
    camera.acknowledge(notice["deploymentId"])
    assert inhibitor.is_let_go()


def test_nobody_but_logind_is_believed(bus, logind, daemon):
    camera = daemon.component(CAMERA)
    inhibitor = logind.inhibitor()
    stranger = Stranger(bus, logind.caller)
    stranger.claim_to_be_logind()
    stranger.prepare(True, "reboot")
    logind.prepare(True, "poweroff")
    notice = camera.notice()
    assert notice["reason"] == "the machine powers off"
    stranger.prepare(False, "poweroff")
    camera.acknowledge(notice["deploymentId"])
    assert inhibitor.is_let_go()


def test_the_kind_of_an_older_logind_is_what_is_scheduled(bus, daemon):
    logind = Logind(bus, scheduled="halt")
    camera = daemon.component(CAMERA)
    logind.inhibitor()
    logind.prepare(True)
    assert camera.notice()["reason"] == "the machine halts"


def test_what_happens_counts_for_more_than_what_was_scheduled(bus, daemon):
    logind = Logind(bus, scheduled="reboot")
    camera = daemon.component(CAMERA)
    logind.inhibitor()
    logind.prepare(True, "poweroff")
    assert camera.notice()["reason"] == "the machine powers off"


def test_the_limit_is_read_when_the_shutdown_begins(logind, daemon):
    camera = daemon.component(CAMERA)
    logind.inhibitor()
    await_log(daemon, "shutdowns wait for components, 5000 ms at most")
    logind.limit_ms = 30_000
    logind.prepare(True)
    assert 28_000 < camera.notice()["deadlineInMs"] <= 29_000


def test_a_shutdown_that_is_called_off_leaves_the_inhibitor_where_it_is(logind, daemon):
    camera = daemon.component(CAMERA)
    inhibitor = logind.inhibitor()
    logind.prepare(True)
    first = camera.notice()["deploymentId"]
    logind.prepare(False)
    assert camera.post()["outcome"] == "cancelled"
    logind.prepare(True)
    assert camera.notice()["deploymentId"] != first
    assert inhibitor.is_held()


def test_an_inhibitor_is_taken_again_after_a_shutdown_that_failed(logind, daemon):
    camera = daemon.component(CAMERA)
    inhibitor = logind.inhibitor()
    logind.prepare(True)
    camera.acknowledge(camera.notice()["deploymentId"])
    assert inhibitor.is_let_go()
    assert logind.nobody_asks()
    logind.prepare(False)
    assert logind.inhibitor().is_held()


def test_nobody_holds_what_is_refused_and_all_else_goes_on(bus, daemon, coordinator):
    logind = Logind(bus, refusal="not for you")
    camera = daemon.component(CAMERA)
    said = "logind refuses a delay inhibitor: not for you; shutdowns do not wait for components"
    await_log(daemon, said)
    gate = coordinator.gate("d-1")
    camera.notice()
    camera.acknowledge("d-1")
    assert gate.released()["basis"] == "consent"
    logind.prepare(True)
    # It is told, since nothing waits for it.
    assert camera.notice()["respondByMs"] == 0
    assert daemon.log.read_text().count(said) == 1


def test_what_was_refused_during_a_shutdown_is_asked_for_after_it(bus, daemon):
    logind = Logind(bus, refusal=Logind.REFUSAL)
    camera = daemon.component(CAMERA)
    logind.refused()
    logind.refusal = None
    logind.prepare(False)
    inhibitor = logind.inhibitor(timeout=5)
    await_log(daemon, "shutdowns wait for components")
    logind.prepare(True)
    assert camera.notice()["deadlineInMs"] > 4_000
    assert inhibitor.is_held()
    assert logind.nobody_asks(), "what is held is not asked for again"


def sleep(suspend, logind, milliseconds):
    """What is asked for before or after the sleep is answered."""
    for time_asleep in [0, milliseconds, 0, 0]:
        logind.catch_up()
        suspend.sleep(time_asleep)


def test_what_is_refused_is_asked_for_less_and_less_often(bus, suspend):
    logind = Logind(bus, refusal="too many inhibitors")
    suspend.daemon.component(CAMERA)
    logind.refused()
    for pause in [10, 20, 40]:
        sleep(suspend, logind, pause * 1_000 - 5_000)
        assert logind.nobody_asks(), pause
        sleep(suspend, logind, 5_000)
        logind.refused()
    for _ in range(10):
        sleep(suspend, logind, HOUR)
        logind.refused()
    logind.refusal = None
    sleep(suspend, logind, HOUR)
    assert logind.inhibitor().is_held()
    assert suspend.sleep(24 * HOUR) == 0, "what is held is not asked for again"


def test_without_components_nothing_is_asked_for(bus, suspend):
    logind = Logind(bus, refusal="too many inhibitors")
    camera = suspend.daemon.component(CAMERA)
    logind.refused()
    camera.connection.close()
    # What is answered now comes after the hang-up.
    suspend.daemon.connection().connect(ROBOT)
    # The service manager is handed the new connection.
    sleep(suspend, logind, 1_000)
    assert suspend.sleep(24 * HOUR) == 0, "nothing wakes it up"
    logind.prepare(False)
    sleep(suspend, logind, 0)
    assert logind.nobody_asks()


def test_a_block_that_was_refused_is_asked_for_again_too(bus, suspend, start):
    suspend.daemon.stop()
    suspend.daemon = start("--block-shutdown", "yes", environment=suspend.environment)
    logind = Logind(bus)
    camera = suspend.daemon.component(CAMERA)
    logind.inhibitor()
    logind.refusal = "too many inhibitors"
    suspend.daemon.coordinator().gate("d-1")
    camera.defer("d-1", HOUR)
    logind.refused()
    logind.refusal = None
    sleep(suspend, logind, 60_000)
    assert logind.inhibitor().mode == "block"


def test_a_machine_without_a_bus_is_served_as_any_other(daemon, coordinator):
    camera = daemon.component(CAMERA)
    await_log(daemon, "cannot connect to the system bus")
    gate = coordinator.gate("d-1")
    camera.notice()
    camera.acknowledge("d-1")
    assert gate.released()["basis"] == "consent"
    assert daemon.log.read_text().count("system bus") == 1


def test_a_bus_that_hangs_up_is_not_pestered(daemon):
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listening:
        listening.bind(str(daemon.directory / "bus"))
        listening.listen()
        listening.settimeout(TIMEOUT)
        daemon.component(CAMERA)
        times = []
        for _ in range(2):
            listening.accept()[0].close()
            times.append(time.monotonic())
        assert times[1] - times[0] > 0.9
        said = await_log(daemon, "shutdowns do not wait for components")
    assert said.count("do not wait") == 1


def test_a_bus_that_comes_back_is_used_again(bus, daemon):
    first = Logind(bus)
    camera = daemon.component(CAMERA)
    inhibitor = first.inhibitor()
    await_log(daemon, "shutdowns wait for components")
    bus.stop()
    await_log(daemon, "the delay inhibitor is still held")
    assert inhibitor.is_held()
    bus.start()
    second = Logind(bus)
    assert second.inhibitor().is_held()
    assert inhibitor.is_let_go()
    second.prepare(True)
    assert camera.notice()["deadlineInMs"] > 4_000


def test_an_inhibitor_is_let_go_also_when_the_bus_is_gone(bus, logind, daemon):
    camera = daemon.component(CAMERA)
    inhibitor = logind.inhibitor()
    logind.prepare(True)
    shutdown = camera.notice()["deploymentId"]
    bus.stop()
    await_log(daemon, "the delay inhibitor is still held")
    camera.acknowledge(shutdown)
    assert inhibitor.is_let_go()


def test_a_logind_that_was_restarted_is_asked_again(bus, daemon):
    first = Logind(bus)
    daemon.component(CAMERA)
    first.inhibitor()
    first.leave()
    second = Logind(bus)
    assert second.inhibitor().is_held()


def test_the_operator_can_do_without(bus, logind, start):
    daemon = start("--delay-shutdown", "no")
    camera = daemon.component(CAMERA)
    gate = daemon.coordinator().gate("d-1")
    camera.acknowledge("d-1")
    gate.released()
    assert logind.nobody_asks()


def test_a_deferral_blocks_a_shutdown_where_the_operator_wants_that(logind, start):
    daemon = start("--block-shutdown", "yes")
    camera = daemon.component(CAMERA)
    assert logind.inhibitor().mode == "delay"
    daemon.coordinator().gate("d-1")
    camera.defer("d-1", 60_000, message="recording")
    block = logind.inhibitor()
    assert (block.mode, block.who) == ("block", CAMERA)
    assert block.why == 'holds back update "d-1": recording'
    camera.defer("d-1", 60_000, message="uploading")
    later = logind.inhibitor()
    assert later.why == 'holds back update "d-1": uploading'
    assert block.is_let_go()
    camera.acknowledge("d-1")
    assert later.is_let_go()


# An update that is under way


def test_a_shutdown_waits_for_an_update_that_is_being_applied(bus, daemon, coordinator):
    logind = Logind(bus, limit_ms=10_000)
    coordinator.gate("d-1", reason="firmware").released()
    # With no component, too.
    inhibitor = logind.inhibitor()
    assert (inhibitor.mode, inhibitor.who) == ("delay", "Reprieve")
    assert inhibitor.why == 'update "d-1" is being applied: firmware'
    logind.prepare(True, "reboot")
    await_log(daemon, "shutdown")
    assert inhibitor.is_held(0.1)
    coordinator.complete("d-1")
    assert inhibitor.is_let_go()


def test_a_shutdown_waits_no_longer_than_logind_for_an_update(bus, daemon, coordinator):
    logind = Logind(bus, limit_ms=1_000)
    coordinator.gate("d-1").released()
    inhibitor = logind.inhibitor()
    logind.prepare(True, "reboot")
    assert inhibitor.is_let_go()
    assert "deadline" in await_log(daemon, "deadline")


@pytest.mark.parametrize("disruption, waits", [("kexec", False), ("power-off", True)])
def test_an_update_does_not_put_off_its_own_shutdown(bus, daemon, coordinator, disruption, waits):
    logind = Logind(bus, limit_ms=10_000)
    coordinator.gate("d-1", disruption=disruption).released()
    inhibitor = logind.inhibitor()
    logind.prepare(True, "reboot")
    assert inhibitor.is_held(0.2) if waits else inhibitor.is_let_go()


def test_an_update_that_is_being_applied_blocks_shutdowns_where_the_operator_wants_that(
    logind, start
):
    daemon = start("--block-shutdown", "yes")
    coordinator = daemon.coordinator()
    coordinator.gate("d-1", components=[CAMERA]).released()
    locks = {lock.mode: lock for lock in (logind.inhibitor(), logind.inhibitor())}
    assert locks["block"].why == locks["delay"].why == 'update "d-1" is being applied'
    coordinator.gate("d-2", components=[ROBOT], exclusive=False, disruption="reboot").released()
    coordinator.complete("d-1")
    assert locks["block"].is_let_go() and locks["delay"].is_let_go()


# Who else blocks a shutdown


def failed_reboot(daemon, processes, directory, command="exit 1"):
    bus = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={directory}/bus"}
    arguments = ["gate", "--reboots", "--", "sh", "-c", command]
    code, _, errors = processes.reprieve(daemon, *arguments, env=os.environ | bus).end()
    return code, [line for line in errors if "a shutdown is blocked by" in line]


def test_a_gate_whose_reboot_fails_names_those_that_block_shutdowns(
    logind, daemon, processes, directory
):
    logind.inhibitors = [
        ("sleep:shutdown", "backup", "copying\x1b[31m", "block", 1000, 4711),
        ("shutdown", "Reprieve", "components", "delay", 0, 1),
        ("sleep", "a film", "playing", "block", 1000, 1),
        ("shutdown", "dpkg", "installing", "block-weak", 0, 12),
    ]
    code, said = failed_reboot(daemon, processes, directory)
    blocked = "reprieve: a shutdown is blocked by"
    assert code == 1
    assert said == [
        f"{blocked} backup (uid 1000, pid 4711): copying\\u{{1b}}[31m",
        f"{blocked} dpkg (uid 0, pid 12): installing",
    ]


def test_a_gate_whose_reboot_began_asks_nobody(logind, daemon, processes, directory):
    logind.inhibitors = [("shutdown", "backup", "copying", "block", 1000, 4711)]
    assert failed_reboot(daemon, processes, directory, "exit 0") == (0, [])


def test_a_gate_whose_reboot_fails_needs_no_bus(daemon, processes, directory):
    assert failed_reboot(daemon, processes, directory) == (1, [])


def test_a_slow_logind_is_asked_one_thing_at_a_time(logind, daemon):
    daemon.component(CAMERA)
    first = logind.inhibitor()
    logind.answers.clear()
    coordinator = daemon.coordinator()
    for number in range(50):
        id = f"d-{number}"
        coordinator.gate(id, components=["com.example.Nobody"]).released()
        coordinator.complete(id)
    assert first.is_held()
    logind.answers.set()
    assert logind.inhibitor().why == 'update "d-0" is being applied'
    last = logind.inhibitor()
    assert last.why == first.why and last.is_held() and first.is_let_go()
    logind.catch_up()
    assert logind.nobody_asks()
