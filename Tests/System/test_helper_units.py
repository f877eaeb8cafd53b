# SPDX-License-Identifier: Apache-2.0
"""The units of the package that are not enabled, under a real systemd, in their own sandboxes."""

import shlex

import pytest
from expect import CAMERA, HOUR
from rig import Device, needs_package, needs_systemd

pytestmark = [needs_systemd, needs_package, pytest.mark.systemd]


@pytest.fixture
def device(tmp_path):
    with Device(tmp_path / "out") as device:
        yield device


def configure(device, name, line):
    device.run("sh", "-c", f"echo {shlex.quote(line)} >/etc/reprieve/{name}")


def has_not_failed(device, unit):
    shown = device.run("systemctl", "show", unit, "--property=ActiveState,NRestarts")
    return set(shown.split()) == {"ActiveState=active", "NRestarts=0"}


def test_who_overrides_a_component_is_told_to_the_command(device):
    configure(device, "alert", 'ALERT="--wall --on-override /usr/bin/env"')
    device.run("systemctl", "start", "reprieve-alert")
    camera = device.component()
    gate = device.start("reprieve", "gate", "--deployment-id", "d")
    camera.line("preUpdateEvent")
    camera.say(deploymentId="d", recheckAfterMs=HOUR)
    camera.line("grantedMs")
    device.run("reprieve", "force", "d", "--reason", "enough")
    assert gate.end()[0] == 0
    said = ["journalctl", "--unit=reprieve-alert", "--output=cat"]
    device.wait_for(f"REPRIEVE_COMPONENT={CAMERA}", *said)
    device.wait_for("REPRIEVE_BASIS=forced", *said)
    assert has_not_failed(device, "reprieve-alert")


def test_users_are_told_of_a_last_call(device):
    configure(device, "alert", "ALERT=--wall")
    device.run("systemctl", "start", "reprieve-alert")
    camera = device.component()
    gate = device.start("reprieve", "gate", "--deployment-id", "d", "--deadline", "3s")
    camera.line("preUpdateEvent")
    camera.say(deploymentId="d", recheckAfterMs=HOUR)
    assert gate.end()[0] == 0
    # wall(1) has ended without an error, else the unit would have said so.
    assert "wall" not in device.run("journalctl", "--unit=reprieve-alert", "--output=cat").lower()
    assert has_not_failed(device, "reprieve-alert")


def test_metrics_are_written_where_node_exporter_looks(device):
    place = "/var/lib/prometheus/node-exporter"
    device.run("mkdir", "-p", place)
    device.run("systemctl", "start", "reprieve-metrics.service")
    assert "reprieve_updates_waiting" in device.run("cat", f"{place}/reprieve.prom")
    device.run("systemctl", "start", "reprieve-metrics.timer")


def test_a_window_is_a_component(device):
    configure(device, "window", "WINDOWS=\"'Mon..Sun 00:00..23:59'\"")
    device.run("systemctl", "start", "reprieve-window")
    device.wait_for("reprieve-window", "reprieve", "status")
    assert has_not_failed(device, "reprieve-window")
