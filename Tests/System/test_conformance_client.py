# SPDX-License-Identifier: Apache-2.0
"""The conformance kit's check-client: our samples pass, and a broken client fails."""

import concurrent.futures
import os
import subprocess
import sys

import client_answers
import client_connections
import client_frames
import pytest
from checks import verdict
from client import Client
from daemon import ROOT
from processes import HERE
from samples import COMPONENTS, environment

MODULES = [client_answers, client_frames, client_connections]
CHECKS = {check.name: check for module in MODULES for check in module.check.checks}
# Which subscribe with confirm: our library, and our command.
CONFIRMING = {"Swift", "shell"}

# A check of each module, a fault that it finds, and a word of what it says.
FOUND = {
    "answers-with-the-same-id": ("cleans up ids", "about which it was not asked"),
    "hangs-up-on-damage": ("checks no checksum", "does not hang up"),
    "comes-back": ("never comes back", "does not connect"),
}


def check_client(*arguments, **options):
    command = [sys.executable, ROOT / "Protocol/conformance/check-client", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="module")
def running():
    """The kit at each of our samples. They mostly wait, so all run at the same time."""
    variables = os.environ | {"PATH": environment("")["PATH"]}

    def check(command):
        return check_client("--", *command(), env=variables)

    with concurrent.futures.ThreadPoolExecutor(len(COMPONENTS)) as pool:
        yield {kind: pool.submit(check, command) for kind, command in COMPONENTS.items()}


@pytest.mark.parametrize("kind", COMPONENTS)
@pytest.mark.slow
@pytest.mark.longest(300)
def test_our_samples_pass_every_check(kind, running):
    done = running[kind].result()
    assert done.returncode == 0, done.stdout + done.stderr
    skipped = 0 if kind in CONFIRMING else 1
    assert f"{len(CHECKS) - skipped} ok, 0 failed, {skipped} skipped" in done.stdout


@pytest.mark.parametrize("check", FOUND)
def test_a_broken_client_fails_a_check_of_each_module(check):
    fault, words = FOUND[check]
    command = [sys.executable, str(HERE / "broken_client.py"), fault]
    word, reason = verdict(CHECKS[check], Client(command, patience=3).attempt)
    assert word == "FAIL", reason
    assert words in reason


def test_a_program_that_ends_has_failed():
    word, reason = verdict(CHECKS["subscribes"], Client(["true"], 0.3).attempt)
    assert word == "FAIL"
    assert reason == "it does not connect within 0.3 s; the program has ended, with exit code 0"


def test_a_list_names_every_check_and_a_command_is_needed():
    listed = check_client("--list").stdout
    for name in CHECKS:
        assert f"{name} " in listed
    assert check_client().returncode == 2
