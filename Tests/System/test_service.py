# SPDX-License-Identifier: Apache-2.0
"""The daemon as a service of a real systemd, installed from its package."""

import json
import re
import subprocess

import pytest
from expect import CAMERA, HOUR
from rig import COMPONENTS, CONTROL, TESTS, Device, needs_package, needs_systemd

pytestmark = [needs_systemd, needs_package, pytest.mark.systemd]

ACTIVE = {"ActiveState": "active", "SubState": "running"}


@pytest.fixture
def device(tmp_path):
    with Device(tmp_path / "out") as device:
        yield device


def defer(component, milliseconds, deployment="d"):
    component.line("preUpdateEvent")
    component.say(deploymentId=deployment, recheckAfterMs=milliseconds)
    component.line("grantedMs")


def gate(device, *options):
    gate = device.start("reprieve", "gate", "--deployment-id", "d", *options)
    gate.error_line("is announced")
    return gate


def waits_for(device, text):
    return device.wait_for(text, "systemctl", "show", "reprieved", "--property=StatusText")


# Starting


def test_it_runs_after_the_boot_and_serves_both_sockets(device):
    assert device.shows("ActiveState", "SubState") == ACTIVE
    assert device.shows("StatusText")["StatusText"] == "no update is waiting"
    modes = device.run("stat", "--format=%a %U %G", COMPONENTS, CONTROL)
    assert modes.splitlines() == ["666 root root", "660 root reprieve"]
    assert (device.status()["updates"], device.status()["components"]) == ([], [])
    device.component()
    assert [one["component"] for one in device.status()["components"]] == [CAMERA]


@pytest.mark.parametrize("socket", [COMPONENTS, CONTROL])
def test_a_connection_starts_it(device, socket):
    device.run("systemctl", "stop", "reprieved.service")
    assert device.shows("ActiveState") == {"ActiveState": "inactive"}
    device.run("reprieve", "status") if socket == CONTROL else device.component()
    assert device.shows("ActiveState", "SubState") == ACTIVE


def test_members_of_the_group_may_control_it_and_others_may_not(device):
    command = ["reprieve", "status", "--control-socket", CONTROL]
    device.run(*command, properties=["User=nobody", "SupplementaryGroups=reprieve"])
    device.run(*command, properties=["User=nobody"], code=77)


def test_systemd_finds_nothing_to_object_to(device):
    units = ["reprieved.service", "reprieved.socket", "reprieved-control.socket"]
    assert device.run("sh", "-c", f"systemd-analyze verify {' '.join(units)} 2>&1") == ""
    security = device.run("systemd-analyze", "--no-pager", "security", units[0])
    exposure = re.search(r"Overall exposure level .*: ([0-9.]+)", security)[1]
    print(f"exposure {exposure}")
    assert float(exposure) <= 1.5, security


# While it runs


def test_the_status_says_who_is_waited_for_and_how_long(device):
    camera = device.component()
    waiting = gate(device)
    waits_for(device, f"waiting for {CAMERA}, ")
    defer(camera, 20 * 60_000)
    waits_for(device, " min left")
    camera.say(deploymentId="d", recheckAfterMs=0)
    assert waiting.end()[0] == 0
    waits_for(device, 'update "d" is released')
    device.run("reprieve", "complete", "d")
    waits_for(device, "no update is waiting")


def test_a_reload_takes_what_is_good_and_nothing_else(device):
    text = "[Policy]\\nMaxDefer=2m\\n"
    device.run("sh", "-c", f"printf '{text}' >/etc/reprieve/reprieved.conf")
    device.run("systemctl", "reload", "reprieved")
    device.wait_for("reloaded the configuration", "journalctl", "--unit=reprieved", "--output=cat")
    device.run("sh", "-c", "echo nonsense >>/etc/reprieve/reprieved.conf")
    device.run("systemctl", "reload", "reprieved")
    device.wait_for("is not reloaded", "journalctl", "--unit=reprieved", "--output=cat")
    assert device.shows("ActiveState", "SubState") == ACTIVE
    camera = device.component()
    gate(device)
    camera.line("preUpdateEvent")
    camera.say(deploymentId="d", recheckAfterMs=HOUR)
    assert '"grantedMs":120000' in camera.line("grantedMs").replace(" ", "")


@pytest.mark.slow
def test_nothing_wakes_it_while_nothing_happens(device):
    device.component()
    process = device.shows("MainPID")["MainPID"]

    def switches():
        status = device.run("cat", f"/proc/{process}/status")
        return int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", status)[1])

    before = switches()
    device.run("sleep", "10")
    # The watchdog is fed each minute and a half or so.
    assert switches() - before <= 1


# Its ends


def await_keeping(device, connections):
    """Waits until systemd keeps so many connections, beside the daemon's marks."""
    shown = ["systemctl", "show", "reprieved", "--property=NFileDescriptorStore"]
    device.wait_for(f"NFileDescriptorStore={connections + 1}", *shown)


def test_a_daemon_that_is_stuck_is_killed_and_goes_on(tmp_path):
    drop_in = "/etc/systemd/system/reprieved.service.d/watchdog.conf"
    with Device(tmp_path / "out", texts={drop_in: "[Service]\nWatchdogSec=1s\n"}) as device:
        camera = device.component()
        waiting = gate(device)
        defer(camera, HOUR)
        await_keeping(device, 2)
        process = device.shows("MainPID")["MainPID"]
        device.run("kill", "-STOP", process)
        device.wait_for("Watchdog timeout", "journalctl", "--unit=reprieved")
        device.wait_for("NRestarts=1", "systemctl", "show", "reprieved", "--property=NRestarts")
        device.wait_for("active", "systemctl", "is-active", "reprieved")
        assert device.participants() == {CAMERA: "deferred"}
        camera.say(deploymentId="d", recheckAfterMs=0)
        assert waiting.end()[0] == 0


def test_a_restart_refuses_nobody_and_a_gate_goes_on_waiting(device):
    camera = device.component()
    waiting = gate(device)
    defer(camera, HOUR)
    command = ["/usr/bin/python3", f"{TESTS}/handshakes.py", COMPONENTS, CONTROL]
    knocking = device.start(*command, stdin=subprocess.PIPE)
    knocking.line("knocking")
    for _ in range(5):
        device.run("systemctl", "restart", "reprieved")
    knocking.say()
    code, said, errors = knocking.end()
    print(said)
    assert code == 0, errors
    assert device.participants() == {CAMERA: "deferred"}
    camera.say(deploymentId="d", recheckAfterMs=0)
    assert waiting.end()[0] == 0


def test_a_mistake_in_the_configuration_heals_once_it_is_put_right(device):
    device.run("sh", "-c", "echo nonsense >/etc/reprieve/reprieved.conf")
    device.run("systemctl", "restart", "reprieved", code=1)
    device.wait_for("NRestarts=2", "systemctl", "show", "reprieved", "--property=NRestarts")
    asking = device.start("reprieve", "status", "--json")
    device.run("rm", "/etc/reprieve/reprieved.conf")
    # It connected while nobody served, and waited.
    status = json.loads(asking.line())
    assert (status["updates"], status["components"]) == ([], [])
    assert asking.end()[0] == 0


def test_being_killed_loses_nothing(device):
    camera = device.component()
    waiting = gate(device, "--max-total-defer", "1h")
    defer(camera, 600_000)
    [before] = device.status()["updates"]
    await_keeping(device, 2)
    device.run("systemctl", "kill", "--signal=KILL", "reprieved")
    device.wait_for("NRestarts=1", "systemctl", "show", "reprieved", "--property=NRestarts")
    [after] = device.status()["updates"]
    assert after["ageMs"] > before["ageMs"]
    [deferral] = after["participants"]
    assert (deferral["component"], deferral["state"]) == (CAMERA, "deferred")
    assert 0 < deferral["untilMs"] < before["participants"][0]["untilMs"]
    camera.say(deploymentId="d", recheckAfterMs=0)
    assert waiting.end()[0] == 0


def test_an_update_that_reboots_is_completed_in_the_next_boot(tmp_path):
    with Device(tmp_path / "out", boots=2) as device:
        camera = device.component()
        device.start("reprieve", "gate", "--deployment-id", "d", "--reboots", "--",
                     "systemctl", "reboot")  # fmt: skip
        camera.line("preUpdateEvent")
        camera.say(deploymentId="d", recheckAfterMs=0)
        device.wait_until_up()
        [update] = device.status()["updates"]
        assert (update["deploymentId"], update["state"]) == ("d", "released")
        camera = device.component()
        device.run("reprieve", "complete", "d", "--message", "all is well")
        assert "applied" in camera.line("postUpdateEvent")
        history = device.run("reprieve", "history", "d")
        assert "applied" in history and "all is well" in history
        assert device.power_off() == "poweroff"
    assert device.summary()["boot1_end"] == "reboot"
