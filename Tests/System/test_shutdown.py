# SPDX-License-Identifier: Apache-2.0
"""The machine shuts down: logind, its delay inhibitor, and the gate that a shutdown waits at."""

import subprocess

import pytest
from machine import OURS, Journal, Machine
from rig import needs_systemd

pytestmark = [needs_systemd, pytest.mark.systemd]


def reboot(machine, component):
    """Asks for a reboot, which waits. Returns what a component hears of it."""
    machine.run("systemctl", "reboot")
    return component.notice()


def test_a_reboot_waits_for_a_component_and_no_longer(tmp_path):
    with Machine(tmp_path / "out", limit="20s", boots=2) as machine:
        camera = machine.component("camera")
        machine.await_log("shutdowns wait for components, 20000 ms at most")
        assert len(machine.inhibitors("delay")) == 1
        notice = reboot(machine, camera)
        shutdown = notice["deploymentId"]
        assert notice["reason"] == "the machine reboots"
        assert notice["disruption"] == "reboot"
        assert 18_000 < notice["deadlineInMs"] <= 19_000
        granted = camera.answer(shutdown, 60_000, message="recording")
        assert 17_000 < granted <= 19_000
        assert machine.logind("PreparingForShutdown") == "true"
        assert "waiting" in machine.reprieve("status", "--json")
        camera.say(shutdown, 0)
        machine.wait_until_up()
        machine.run("systemctl", "start", *OURS)
        decision = machine.history()[0]
        assert decision["deploymentId"] == shutdown
        assert (decision["basis"], decision["outcome"]) == ("consent", "applied")
        machine.component("camera").post()
        assert machine.power_off() == "poweroff"
    journal = Journal(machine)
    released = journal.time(f'update "{shutdown}" was released on consent')
    assert 0 <= journal.time("System is rebooting") - released < 1
    assert "InhibitDelayMaxSec=" in journal.text


def test_a_reboot_waits_no_longer_than_logind_does(tmp_path):
    with Machine(tmp_path / "out", limit="2s") as machine:
        camera = machine.component("camera")
        machine.await_log("shutdowns wait for components, 2000 ms at most")
        shutdown = reboot(machine, camera)["deploymentId"]
        assert camera.answer(shutdown, 60_000) <= 1_800
        assert machine.wait() == "reboot"
    journal = Journal(machine)
    asked = journal.time("The system will reboot now")
    assert 1.7 < journal.time("goes ahead although camera wanted more time") - asked < 2.5
    assert 1.7 < journal.time("System is rebooting") - asked < 2.5
    assert "inhibitor timeout is reached" not in journal.text


def test_a_machine_without_components_is_not_kept_waiting(tmp_path):
    with Machine(tmp_path / "out") as machine:
        assert machine.inhibitors("delay") == []
        machine.run("systemctl", "reboot")
        assert machine.wait() == "reboot"
    assert "shutdowns wait" not in Journal(machine).text


def test_a_daemon_that_dies_keeps_nobody_waiting(tmp_path):
    with Machine(tmp_path / "out") as machine:
        camera = machine.component("camera")
        machine.await_log("shutdowns wait")
        shutdown = reboot(machine, camera)["deploymentId"]
        camera.answer(shutdown, 60_000)
        machine.run("systemctl", "kill", "--signal=KILL", "reprieved")
        assert machine.wait() == "reboot"
    journal = Journal(machine)
    assert journal.time("System is rebooting") - journal.time("The system will reboot now") < 5


def test_a_shutdown_that_does_not_take_place_is_taken_back(tmp_path):
    with Machine(tmp_path / "out") as machine:
        camera = machine.component("camera")
        machine.await_log("shutdowns wait")
        shutdown = reboot(machine, camera)["deploymentId"]
        machine.run("systemctl", "mask", "--runtime", "reboot.target")
        camera.say(shutdown, 0)
        post = camera.post()
        assert (post["outcome"], post["message"]) == ("failed", "the machine did not go down")
        machine.run("systemctl", "unmask", "--runtime", "reboot.target")
        notice = reboot(machine, camera)
        assert notice["deploymentId"] != shutdown
        assert notice["deadlineInMs"] > 8_000
        camera.say(notice["deploymentId"], 0)
        assert machine.wait() == "reboot"
    assert Journal(machine).text.count("shutdowns wait for components") == 1


def test_a_shutdown_that_logind_forgets_is_called_off(tmp_path):
    with Machine(tmp_path / "out", limit="60s") as machine:
        camera = machine.component("camera")
        machine.await_log("shutdowns wait")
        shutdown = reboot(machine, camera)["deploymentId"]
        camera.answer(shutdown, 60_000)
        machine.run("systemctl", "restart", "systemd-logind")
        assert camera.post()["outcome"] == "cancelled"
        assert machine.logind("PreparingForShutdown") == "false"
        assert len(machine.inhibitors("delay")) == 1
        again = reboot(machine, camera)["deploymentId"]
        assert again != shutdown
        camera.say(again, 0)
        assert machine.wait() == "reboot"


def test_a_deferral_can_refuse_a_shutdown(tmp_path):
    configuration = "[Broker]\nBlockShutdown=yes\n"
    with Machine(tmp_path / "out", configuration=configuration) as machine:
        camera = machine.component("camera")
        gate = machine.start_reprieve("gate", "--deployment-id", "d-1")
        camera.notice()
        camera.answer("d-1", 60_000, message="recording")
        machine.await_log("camera deferred")
        (inhibitor,) = machine.inhibitors("block")
        assert 'holds back update "d-1": recording' in inhibitor
        assert inhibitor.startswith("camera ")
        camera.say("d-1", 0)
        assert gate.end()[0] == 0
        (inhibitor,) = machine.inhibitors("block")
        assert 'update "d-1" is being applied' in inhibitor
        machine.reprieve("complete", "d-1", "--outcome", "applied")
        assert machine.inhibitors("block") == []
        assert machine.power_off() == "poweroff"


def test_a_reboot_by_hand_waits_for_the_update_that_is_being_applied(tmp_path):
    with Machine(tmp_path / "out", limit="30s") as machine:
        updater = ["bash", "-c", "echo writes; read", "updater"]
        gate = machine.start_reprieve(
            "gate", "--deployment-id", "d-1", "--reason", "firmware", "--", *updater,
            stdin=subprocess.PIPE,
        )  # fmt: skip
        gate.line("writes")
        (inhibitor,) = machine.inhibitors("delay")
        assert 'update "d-1" is being applied: firmware' in inhibitor
        machine.run("systemctl", "reboot")
        machine.await_log("the machine is shutting down")
        assert machine.logind("PreparingForShutdown") == "true"
        gate.say(written=True)
        assert gate.end()[0] == 0
        assert machine.wait() == "reboot"
    journal = Journal(machine)
    complete = journal.time('update "d-1" was completed')
    assert 0 <= journal.time("System is rebooting") - complete < 1


def test_a_limit_of_zero_is_told_of(tmp_path):
    with Machine(tmp_path / "out", limit="0") as machine:
        machine.component("camera")
        machine.await_log("logind is configured not to wait for inhibitors")
        machine.run("systemctl", "reboot")
        assert machine.wait() == "reboot"


def test_a_bus_that_comes_late_is_found_without_asking(tmp_path):
    address = "[Service]\nEnvironment=DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/late/bus\n"
    texts = {"/etc/systemd/system/reprieved.service.d/late.conf": address}
    with Machine(tmp_path / "out", texts=texts) as machine:
        camera = machine.component("camera")
        machine.await_log("cannot connect to the system bus at /run/late/bus")
        gate = machine.start_reprieve("gate", "--deployment-id", "d-1")
        camera.notice()
        camera.say("d-1", 0)
        assert gate.end()[0] == 0
        machine.run("mkdir", "/run/late")
        machine.run("ln", "-s", "/run/dbus/system_bus_socket", "/run/late/bus")
        machine.await_log("shutdowns wait for components")
        assert len(machine.inhibitors("delay")) == 1
        assert machine.power_off() == "poweroff"


def test_a_reboot_that_an_update_includes_is_asked_about_once(tmp_path):
    with Machine(tmp_path / "out", boots=2) as machine:
        camera = machine.component("camera")
        machine.await_log("shutdowns wait")
        gate = ["gate", "--deployment-id", "d-1", "--reboots", "--", "systemctl", "reboot"]
        machine.start_reprieve(*gate)
        camera.notice()
        camera.say("d-1", 0)
        machine.wait_until_up()
        machine.run("systemctl", "start", *OURS)
        again = machine.component("camera")
        machine.reprieve("complete", "d-1")
        post = again.post()
        assert (post["deploymentId"], post["outcome"]) == ("d-1", "applied")
        assert machine.power_off() == "poweroff"
    assert [line for line in camera.heard() if "the machine reboots" in line] == []
