# SPDX-License-Identifier: Apache-2.0
"""systemd stops the nucleus: `reprieve gate` in its ExecStop=."""

import pytest
from daemon import ROOT
from machine import NUCLEUS, OURS, UNITS, Journal, Machine
from rig import needs_systemd

pytestmark = [needs_systemd, pytest.mark.systemd]

DROP_IN = ROOT / "Packaging/examples/nucleus.service.d/reprieve.conf"
STOP = "stop-nucleus"


def nucleus(directory, more="", unit=NUCLEUS, **options):
    texts = {f"{UNITS}/nucleus.service": unit}
    if more:
        texts[f"{UNITS}/nucleus.service.d/zz.conf"] = more
    files = {DROP_IN: f"{UNITS}/nucleus.service.d/reprieve.conf"}
    return Machine(directory, files=files, texts=texts, **options)


def result(machine):
    show = ["systemctl", "show", "--property=ActiveState,Result,ExecMainStatus", "nucleus"]
    return machine.run(*show).split()


def test_a_stop_waits_for_a_component_for_longer_than_systemd_would(tmp_path):
    with nucleus(tmp_path / "out") as machine:
        camera = machine.component("camera")
        machine.run("systemctl", "start", "nucleus")
        machine.run("systemctl", "stop", "--no-block", "nucleus")
        notice = camera.notice()
        assert (notice["deploymentId"], notice["reason"]) == (STOP, "nucleus is stopped")
        assert notice["isGgcRestarting"]
        # TimeoutStopSec= is 2 s.
        assert camera.answer(STOP, 3_000) == 3_000
        assert camera.notice()["round"] == 2
        assert "ActiveState=deactivating" in result(machine)
        camera.say(STOP, 0)
        machine.await_log("Stopped nucleus.service", unit="nucleus")
        assert "Result=success" in result(machine)
        machine.run("systemctl", "start", "nucleus")
        assert camera.post()["outcome"] == "applied"


def test_a_nucleus_starts_whose_unit_names_a_pid_file_that_nobody_writes(tmp_path):
    # As AWS's greengrass.service does.
    unit = NUCLEUS.replace("[Service]\n", "[Service]\nPIDFile=/run/loader.pid\nTimeoutStartSec=3\n")
    assert unit != NUCLEUS
    with nucleus(tmp_path / "out", unit=unit) as machine:
        machine.run("systemctl", "start", "nucleus")
        assert "ActiveState=active" in result(machine)


def test_systemd_is_kept_waiting_until_the_deadline(tmp_path):
    more = """[Service]
ExecStop=
ExecStop=-/usr/bin/reprieve gate --deployment-id stop-nucleus --deadline 3s
"""
    with nucleus(tmp_path / "out", more) as machine:
        camera = machine.component("camera")
        machine.run("systemctl", "start", "nucleus")
        machine.run("systemctl", "stop", "--no-block", "nucleus")
        camera.answer(camera.notice()["deploymentId"], 60_000)
        machine.await_log("Stopped nucleus.service", unit="nucleus")
        assert "Result=success" in result(machine)
        assert machine.history()[0]["basis"] == "deadline"


def test_the_end_of_systemds_time_out_forces_the_gate(tmp_path):
    with nucleus(tmp_path / "out", "[Service]\nNotifyAccess=none\n") as machine:
        camera = machine.component("camera")
        machine.run("systemctl", "start", "nucleus")
        machine.run("systemctl", "stop", "--no-block", "nucleus")
        camera.answer(camera.notice()["deploymentId"], 60_000)
        assert camera.notice()["lastCall"]
        machine.await_log("was released on forced")
        machine.await_log("interrupted by SIGTERM", unit="nucleus")
        decision = machine.history()[0]
        assert decision["basis"] == "forced"
        assert decision["forced"]["reason"] == "interrupted by SIGTERM"


def test_a_gate_that_stays_shut_cannot_refuse_the_stop(tmp_path):
    with nucleus(tmp_path / "out") as machine:
        camera = machine.component("camera")
        machine.run("systemctl", "start", "nucleus")
        machine.run("systemctl", "stop", "--no-block", "nucleus")
        camera.notice()
        machine.reprieve("cancel", STOP, "--reason", "not today")
        machine.await_log("systemd stops the unit nevertheless", unit="nucleus")
        machine.await_log("Stopped nucleus.service", unit="nucleus")
        assert "Result=success" in result(machine)
        assert "the update was cancelled" in machine.live_journal("--unit=nucleus")


def test_a_stop_without_a_broker_does_not_wait(tmp_path):
    with nucleus(tmp_path / "out") as machine:
        machine.run("systemctl", "start", "nucleus")
        machine.run("systemctl", "stop", *OURS)
        machine.run("systemctl", "stop", "nucleus")
        assert "Result=success" in result(machine)
        machine.await_log("going ahead without a broker", unit="nucleus")


def test_no_component_is_asked_about_a_nucleus_that_has_died(tmp_path):
    with nucleus(tmp_path / "out", "[Service]\nRestart=always\nRestartSec=0\n") as machine:
        machine.component("camera")
        machine.run("systemctl", "start", "nucleus")
        machine.run("systemctl", "kill", "--signal=KILL", "--kill-who=main", "nucleus")
        machine.await_log("Scheduled restart job", unit="nucleus")
        assert machine.history() == []


def test_the_nucleus_goes_down_before_the_broker_and_the_components(tmp_path):
    with nucleus(tmp_path / "out", boots=2) as machine:
        camera = machine.component("camera")
        robot = machine.component("robot")
        machine.await_log("shutdowns wait")
        machine.run("systemctl", "start", "nucleus")
        machine.run("systemctl", "reboot")
        shutdown = camera.notice()["deploymentId"]
        camera.say(shutdown, 0)
        # An overridden component is asked once more, and one that acknowledged is not.
        robot.answer(shutdown, 60_000)
        machine.reprieve("force", shutdown, "--reason", "a test")
        assert robot.notice()["lastCall"]
        assert robot.notice()["deploymentId"] == STOP
        robot.say(STOP, 0)
        machine.wait_until_up()
        assert machine.power_off() == "poweroff"
    journal = Journal(machine)
    gone = journal.time("Stopped nucleus.service")
    assert journal.time(f'update "{STOP}" was released on consent', "1 asked") < gone
    for unit in ["reprieved", "camera"]:
        assert gone < journal.time(f"Stopping {unit}.service")
    assert [line for line in camera.heard() if STOP in line] == []
