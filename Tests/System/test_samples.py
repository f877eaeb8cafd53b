# SPDX-License-Identifier: Apache-2.0
"""The samples: what a component's author starts from must work."""

import os
import re
import signal
import subprocess

import pytest
from samples import COMPONENTS, NAME, SAMPLES, environment


@pytest.fixture(params=COMPONENTS)
def sample(request, directory, processes):
    command = COMPONENTS[request.param]()

    def start(seconds):
        socket = directory + "/ipc.socket"
        return processes.start(
            *command, seconds, env=environment(socket), stderr=subprocess.STDOUT
        )

    return start


def subscribed(coordinator):
    """Waits until a component is there: the gate waits for it."""
    gate = coordinator.gate("first", policy={"require": [NAME]})
    gate.released(20)
    coordinator.complete("first")


def test_a_sample_holds_an_update_while_it_is_busy_and_hears_the_outcome(daemon, sample):
    program = sample(2)
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d", policy={"require": [NAME]})
    program.line("not now", timeout=20)
    assert gate.shows(NAME, "deferred")["message"]
    assert gate.released()["basis"] == "consent"
    coordinator.complete("d", "applied")
    assert program.line("the update is over").startswith(f"[{NAME}] ")


def test_a_sample_that_is_not_busy_is_ready_at_once(daemon, sample):
    program = sample(0)
    coordinator = daemon.coordinator()
    subscribed(coordinator)
    gate = coordinator.gate("d")
    assert gate.released(2)["participants"] == [NAME]
    coordinator.complete("d")
    program.line("the update is over")


def test_a_sample_subscribes_again_after_the_broker_was_killed(start, sample):
    first = start()
    sample(0)
    subscribed(first.coordinator())
    first.kill()
    subscribed(start().coordinator())


def test_a_sample_works_on_without_a_broker_until_there_is_one(start, sample):
    program = sample(0)
    subscribed(start().coordinator())
    assert program.process.poll() is None
    program.signal(signal.SIGTERM)
    program.end()


def test_no_update_interrupts_the_backup(daemon, coordinator, processes, directory):
    archive = directory + "/archive"
    os.mkfifo(archive)  # it takes as long as nobody reads it
    backup = SAMPLES / "shell-component/backup.sh"
    program = processes.start(
        backup, SAMPLES / "shell-component", archive, env=environment(daemon.component_socket)
    )
    gate = coordinator.gate("d", policy={"require": ["com.example.Backup"]})
    assert gate.shows("com.example.Backup", "deferred")["message"].startswith("backing up ")
    with open(archive, "rb") as content:
        assert b"backup.sh" in content.read()
    assert gate.released()["basis"] == "consent"
    assert program.end()[0] == 0


def is_sample(path):
    return path.is_file() and path.parent != SAMPLES and path.suffix != ".pyc"


def test_the_index_names_every_sample():
    text = (SAMPLES / "README.md").read_text()
    names = re.findall(r"^\| \[`([^`]+)`\]", text, re.M)
    files = [path for path in SAMPLES.rglob("*") if is_sample(path)]
    listed = [path for name in names for path in files if (SAMPLES / name) in [path, *path.parents]]
    assert sorted(listed) == sorted(files)
