# SPDX-License-Identifier: Apache-2.0
"""The samples: what a component's author starts from must work."""

import importlib.util
import os
import signal
import sys

import pytest
from daemon import BUILD, ROOT

SAMPLES = ROOT / "Samples"
has_sdk = importlib.util.find_spec("awsiot") is not None

# The words before the seconds that it is busy.
KINDS = {
    "plain Python": [sys.executable, SAMPLES / "python-component/component.py", "com.example.It"],
    "AWS SDK": [sys.executable, SAMPLES / "aws-sdk-component/component.py"],
    "Swift": [BUILD / "sample-component", "com.example.It"],
}


@pytest.fixture(params=KINDS)
def sample(request, directory, processes):
    if request.param == "AWS SDK" and not has_sdk:
        pytest.skip("awsiotsdk is not installed; Tests/run.sh installs it")
    if request.param == "Swift" and not (BUILD / "sample-component").exists():
        pytest.skip("sample-component is not built")

    def start(seconds):
        environment = {
            "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": f"{directory}/ipc.socket",
            "SVCUID": "com.example.It",
            "PATH": os.environ["PATH"],
        }
        return processes.start(*KINDS[request.param], seconds, env=environment)

    return start


def subscribed(coordinator):
    """Waits until a component is there: the gate waits for it."""
    gate = coordinator.gate("first", policy={"require": ["com.example.It"]})
    gate.released(20)
    coordinator.complete("first")


def test_a_sample_holds_an_update_while_it_is_busy_and_hears_the_outcome(daemon, sample):
    program = sample(1)
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d", policy={"require": ["com.example.It"]})
    program.line("not now", timeout=20)
    assert gate.shows("com.example.It", "deferred")["message"]
    assert gate.released()["basis"] == "consent"
    coordinator.complete("d", "applied")
    assert program.line("the update is over").startswith("[com.example.It] ")


def test_a_sample_that_is_not_busy_is_ready_at_once(daemon, sample):
    program = sample(0)
    coordinator = daemon.coordinator()
    subscribed(coordinator)
    gate = coordinator.gate("d")
    assert gate.released(2)["participants"] == ["com.example.It"]
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
