# SPDX-License-Identifier: Apache-2.0
"""Stops of Greengrass Lite's components under a real systemd: Samples/updaters/greengrass-lite.

A component is busy while /run/busy-UNIT is there.
"""

import json

import pytest
from daemon import ROOT
from machine import UNITS, Machine
from protocol import named
from rig import needs_systemd

pytestmark = [needs_systemd, pytest.mark.systemd]

SAMPLES = ROOT / "Samples/updaters/greengrass-lite"
GENERATORS = "/usr/local/lib/systemd/system-generators"
CAMERA, VIEWER, ROBOT = "com.example.Camera", "com.example.Viewer", "com.example.Robot"

# As recipe2unit writes one.
UNIT = """
[Unit]
PartOf=greengrass-lite.target
{more}
[Service]
NotifyAccess=all
TimeoutStopSec=2
Environment=BUSY=/run/busy-%n
ExecStart=/usr/bin/reprieve listen --exec /usr/local/bin/answer
[Install]
WantedBy=greengrass-lite.target
"""
TARGET = "[Unit]\nWants={}\nAfter={}\n"
ANSWER = """#!/bin/sh
[ -e "$BUSY" ] || exit 0
echo 300ms busy
exit 75
"""


def unit(name):
    return f"ggl.{name}.service"


def busy(name):
    return f"/run/busy-{unit(name)}"


@pytest.fixture
def lite(tmp_path):
    bound = f"BindsTo={unit(CAMERA)}\nAfter={unit(CAMERA)}"
    components = {CAMERA: "", VIEWER: bound, ROBOT: ""}
    names = " ".join(unit(name) for name in components)
    texts = {f"{UNITS}/{unit(name)}": UNIT.format(more=more) for name, more in components.items()}
    texts |= {
        f"{UNITS}/greengrass-lite.target": TARGET.format(names + " reprieve-lite.service", names),
        "/usr/local/bin/answer": ANSWER,
    }
    files = {
        SAMPLES / "unit": "/usr/local/lib/reprieve/ggl/unit",
        SAMPLES / "reprieve-lite-generator": f"{GENERATORS}/reprieve-lite-generator",
        SAMPLES / "reprieve-lite.service": f"{UNITS}/reprieve-lite.service",
    }
    with Machine(tmp_path / "out", files=files, texts=texts) as machine:
        machine.run("chmod", "755", "/usr/local/bin/answer")
        machine.run("systemctl", "start", "greengrass-lite.target")
        for name in components:
            machine.wait_for(name, "reprieve", "status")
        yield machine


def is_running(machine, name):
    return machine.run("systemctl", "is-active", unit(name), code=None).strip() == "active"


def pid(machine, name):
    return machine.run("systemctl", "show", "--property=MainPID", unit(name)).strip()


def deferrals(machine):
    (update,) = json.loads(machine.reprieve("status", "--json"))["updates"]
    return update["participants"][0]["deferrals"]


def outcomes(machine):
    return {one["deploymentId"]: one["outcome"] for one in machine.history()}


def test_a_restart_over_the_bus_waits_for_the_component(lite):
    lite.run("touch", busy(CAMERA))
    before = pid(lite, CAMERA)
    lite.run("busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1",
             "org.freedesktop.systemd1.Manager", "RestartUnit", "ss", unit(CAMERA), "replace"
             )  # fmt: skip
    lite.wait_for("busy", "reprieve", "status")
    # TimeoutStopSec= is 2 s, and each deferral 300 ms.
    while deferrals(lite) < 10:
        assert pid(lite, CAMERA) == before
    assert pid(lite, CAMERA) == before
    lite.run("rm", busy(CAMERA))
    # The viewer, which is bound to it, stops before it.
    lite.wait_for("applied", "reprieve", "history", named(f"stop-{CAMERA}"))
    lite.wait_for("SubState=running", "systemctl", "show", "--property=SubState", unit(CAMERA))
    assert pid(lite, CAMERA) != before


def test_what_stops_with_a_component_is_asked_too(lite):
    lite.run("touch", busy(VIEWER))
    lite.run("systemctl", "stop", "--no-block", unit(CAMERA))
    lite.wait_for("busy", "reprieve", "status")
    assert is_running(lite, CAMERA)
    lite.run("rm", busy(VIEWER))
    lite.run("systemctl", "stop", unit(CAMERA))
    assert not is_running(lite, VIEWER)
    assert is_running(lite, ROBOT)
    assert set(outcomes(lite)) == {named(f"stop-{CAMERA}"), named(f"stop-{VIEWER}")}


def test_a_cancelled_stop_takes_place_since_lite_believes_that_it_did(lite):
    lite.run("touch", busy(CAMERA))
    lite.run("systemctl", "stop", "--no-block", unit(CAMERA))
    lite.wait_for("busy", "reprieve", "status")
    lite.reprieve("cancel", f"@stop-{CAMERA}", "--reason", "not today")
    lite.run("systemctl", "stop", unit(CAMERA))
    assert not is_running(lite, CAMERA)


def test_a_unit_that_is_not_loaded_or_has_ended_is_no_update(lite):
    lite.run("systemctl", "stop", unit("com.example.New"), code=5)
    lite.run("systemctl", "kill", "--signal=KILL", unit(ROBOT))
    lite.wait_for("failed", "systemctl", "is-active", unit(ROBOT))
    lite.run("systemctl", "stop", unit(ROBOT))
    assert lite.history() == []


def test_all_of_lite_stops_when_the_last_component_is_ready(lite):
    lite.run("touch", busy(ROBOT))
    lite.run("systemctl", "restart", "--no-block", "greengrass-lite.target")
    lite.wait_for("busy", "reprieve", "status")
    assert all(is_running(lite, name) for name in (CAMERA, VIEWER, ROBOT))
    lite.run("rm", busy(ROBOT))
    lite.wait_for("applied", "reprieve", "history")
    assert outcomes(lite) == {named("stop-greengrass-lite"): "applied"}
    assert all(is_running(lite, name) for name in (CAMERA, VIEWER, ROBOT))
