# SPDX-License-Identifier: Apache-2.0
"""Updaters that want to update at the same time, and components that may say no, as programs."""

import pathlib
import time

import pytest
from expect import CAMERA, HOUR

WINDOW = "com.example.Window"
NOT_NOW = 75


def until_shut_by(coordinator, id, blockers):
    """Waits until the status says what an update waits for."""
    deadline = time.monotonic() + 10
    while True:
        updates = {update["deploymentId"]: update for update in coordinator.status()["updates"]}
        if id in updates and updates[id]["blockedBy"] == blockers:
            return
        assert time.monotonic() < deadline, updates


@pytest.fixture
def gate(daemon, processes, directory):
    """A gate whose command writes down that it began and that it ended."""
    record = pathlib.Path(directory) / "record"
    record.touch()

    def start(id, *options, until=None):
        wait = f"until [ -e {until} ]; do sleep 0.02; done" if until else ":"
        script = f"echo begins {id} >>{record}; {wait}; echo ends {id} >>{record}"
        options = ["--deployment-id", id, *options]
        return processes.reprieve(daemon, "gate", *options, "--", "sh", "-c", script)

    start.record = record
    return start


def test_of_two_updaters_one_waits_for_the_other(daemon, gate, coordinator, directory):
    go = pathlib.Path(directory) / "go"
    rauc = gate("rauc", until=go)
    rauc.error_line("released")
    apt = gate("apt")
    apt.error_line("waiting for update rauc")
    until_shut_by(coordinator, "apt", ["update rauc"])
    go.touch()
    assert rauc.end()[0] == apt.end()[0] == 0
    assert gate.record.read_text().split("\n")[:4] == [
        "begins rauc",
        "ends rauc",
        "begins apt",
        "ends apt",
    ]


def test_force_lets_both_go(daemon, gate, coordinator, directory):
    go = pathlib.Path(directory) / "go"
    rauc = gate("rauc", until=go)
    rauc.error_line("released")
    apt = gate("apt")
    until_shut_by(coordinator, "apt", ["update rauc"])
    coordinator.force("apt")
    assert apt.end()[0] == 0
    go.touch()
    assert rauc.end()[0] == 0


def test_a_deadline_in_the_middle_of_another_update_refuses(daemon, gate, directory):
    go = pathlib.Path(directory) / "go"
    rauc = gate("rauc", until=go)
    rauc.error_line("released")
    code, _, errors = gate("apt", "--deadline", "500ms").end()
    assert code == NOT_NOW
    assert any("update rauc is under way" in line for line in errors), errors
    go.touch()
    assert rauc.end()[0] == 0


def test_what_is_not_exclusive_waits_for_nothing(daemon, gate, directory):
    go = pathlib.Path(directory) / "go"
    rauc = gate("rauc", until=go)
    rauc.error_line("released")
    assert gate("apt", "--no-exclusive").end()[0] == 0
    go.touch()
    assert rauc.end()[0] == 0


def test_an_update_waits_for_its_holder_after_a_crash_of_the_broker(
    daemon, gate, start, directory
):
    go = pathlib.Path(directory) / "go"
    rauc = gate("rauc", until=go)
    rauc.error_line("released")
    daemon.kill()
    coordinator = start().coordinator()
    apt = gate("apt")
    until_shut_by(coordinator, "apt", ["update rauc"])
    go.touch()
    assert rauc.end()[0] == apt.end()[0] == 0


@pytest.fixture
def with_veto(start, directory):
    configuration = pathlib.Path(directory) / "conf"
    configuration.write_text(f"[Component {WINDOW}]\nVeto=yes\nMaxDefer=1s\n")
    return start("--config", str(configuration))


def test_a_veto_is_not_overridden_by_the_deadline(with_veto):
    window = with_veto.component(WINDOW)
    gate = with_veto.coordinator().gate("d", {"deadlineMs": 1500, "maxTotalDeferMs": 300})
    window.notice()
    assert window.defer("d", HOUR)["grantedMs"] > 1_300
    kind, content = gate.end()
    assert (kind, content["by"]) == ("refused", WINDOW)


def test_without_its_veto_component_an_update_waits_and_is_refused(with_veto, processes):
    options = ["--deadline", "1s", "--response-timeout", "200ms"]
    gate = processes.reprieve(with_veto, "gate", *options, "--", "true")
    gate.error_line(f"waiting for {WINDOW}")
    code, _, errors = gate.end()
    assert code == NOT_NOW
    assert any(WINDOW in line and "refused" in line for line in errors), errors


def test_a_deferral_at_the_deadline_refuses_where_the_updater_wants_that(daemon, processes):
    camera = daemon.component(CAMERA)
    options = ["--deadline", "1s", "--on-deadline", "refuse"]
    gate = processes.reprieve(daemon, "gate", *options, "--", "true")
    notice = camera.notice()
    camera.defer(notice["deploymentId"], HOUR)
    assert gate.end()[0] == NOT_NOW
