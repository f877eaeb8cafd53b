# SPDX-License-Identifier: Apache-2.0
"""The conformance kit's check-client: our samples pass, and a broken client fails each check."""

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
BROKEN = [sys.executable, str(HERE / "broken_client.py")]

# A fault, the check that finds it, and a word of what it says.
FOUND = {
    "has another version": ("connects", "0.1.0"),
    "says no name": ("connects", "who it is"),
    "does not wait for the acknowledgement": ("waits-for-connect-ack", "before it is accepted"),
    "never subscribes": ("subscribes", "does not subscribe"),
    "never answers": ("answers-a-notice", "does not answer"),
    "needs a round": ("answers-a-notice-of-plain-greengrass", "exit code 1"),
    "answers late": ("answers-in-time", "in time"),
    "cleans up ids": ("answers-with-the-same-id", "about which it was not asked"),
    "answers another update": ("answers-a-notice", "'another', about which it was not asked"),
    "does not say when": ("answers-a-notice", "recheckAfterMs"),
    "skips a stream": ("numbers-its-streams", "where 1 is next"),
    "uses a stream again": ("numbers-its-streams", "stream 2 again"),
    "sets a wrong flag": ("subscribes", "flags"),
    "answers the first update only": ("answers-several-updates", "does not answer"),
    "answers once": ("answers-every-round", "does not answer"),
    "forgets the round": ("answers-finally-with-the-round", "final word"),
    "hangs up at a last call": ("takes-a-last-call", "hung up"),
    "needs the notice before its post": ("takes-a-post", "exit code 1"),
    "hangs up when refused": ("takes-a-refusal", "hung up"),
    "is impatient": ("waits-for-a-slow-broker", "hung up"),
    "needs whole frames": ("takes-frames-in-pieces", "hung up"),
    "takes one frame of each read": ("takes-frames-together", "does not answer"),
    "has a small buffer": ("takes-long-notices", "hung up"),
    "refuses unknown members": ("ignores-unknown-members", "hung up"),
    "refuses unknown headers": ("ignores-unknown-headers", "hung up"),
    "answers every event": ("ignores-unknown-events", "'future', about which it was not asked"),
    "hangs up at a ping": ("takes-a-ping", "hung up"),
    "checks no checksum": ("hangs-up-on-damage", "does not hang up"),
    "needs grantedMs": ("needs-no-more-than-it-was-promised", "exit code 1"),
    "never comes back": ("comes-back", "does not connect"),
    "gives up without a socket": ("comes-back-to-a-broker-that-was-gone", "does not connect"),
    "dies of half a frame": ("comes-back-after-half-a-frame", "does not connect"),
    "overlooks a PROTOCOL_ERROR": ("comes-back-after-a-protocol-error", "does not hang up"),
    "overlooks the end of its subscription": (
        "comes-back-when-its-subscription-ends",
        "does not subscribe again",
    ),
    "acts when denied": ("obeys-a-denial", "before it is accepted"),
    "stays when denied": ("obeys-a-denial", "does not hang up"),
    "tries again at once": ("is-patient-when-denied", "times in less than 2 s"),
    "asks again at once": ("is-patient-when-refused", "times in less than 2 s"),
    "dies when refused": ("comes-back-when-it-was-refused", "does not subscribe"),
}


def attempt(fault, check, patience):
    return verdict(CHECKS[check], Client([*BROKEN, fault], patience).attempt)


def check_client(*arguments, **options):
    command = [sys.executable, ROOT / "Protocol/conformance/check-client", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, **options)


@pytest.fixture(scope="module")
def attempts():
    """All attempts, by fault and check. They mostly wait, so several do it at the same time."""
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        wanted = [("nothing", check, 10) for check in CHECKS]
        wanted += [(fault, check, 3) for fault, (check, _) in FOUND.items()]
        yield {(fault, check): pool.submit(attempt, fault, check, p) for fault, check, p in wanted}
        pool.shutdown(cancel_futures=True)


@pytest.mark.parametrize("kind", COMPONENTS)
@pytest.mark.slow
@pytest.mark.longest(300)
def test_our_samples_pass_every_check(kind, directory):
    path = environment(directory)["PATH"]
    done = check_client("--", *COMPONENTS[kind](), env={**os.environ, "PATH": path})
    assert done.returncode == 0, done.stdout + done.stderr
    skipped = 0 if kind in CONFIRMING else 1
    assert f"{len(CHECKS) - skipped} ok, 0 failed, {skipped} skipped" in done.stdout


def test_there_is_a_fault_for_every_check():
    assert {check for check, _ in FOUND.values()} == CHECKS.keys()


@pytest.mark.parametrize("check", CHECKS)
def test_a_client_without_a_fault_passes(attempts, check):
    word, reason = attempts["nothing", check].result()
    assert word == ("skip" if check == "answers-finally-with-the-round" else "ok"), reason


@pytest.mark.parametrize("fault", FOUND)
def test_a_broken_client_fails_the_check(attempts, fault):
    check, words = FOUND[fault]
    word, reason = attempts[fault, check].result()
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
