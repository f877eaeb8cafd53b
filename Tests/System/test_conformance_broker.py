# SPDX-License-Identifier: Apache-2.0
"""The conformance kit's check-broker: our broker passes, and a broken one fails each check."""

import subprocess
import sys

import broker_gates
import broker_handshake
import broker_notices
import broker_streams
import broker_vectors
import pytest
from broker import Broker
from broker_faults import FAULTS
from checks import verdict
from daemon import BUILD, ROOT
from faulty_broker import FaultyBroker
from plain_broker import PlainBroker

MODULES = [broker_handshake, broker_streams, broker_notices, broker_gates]
CHECKS = {check.name: check for module in MODULES for check in module.check.checks}
VECTORS = {check.name: check for check in broker_vectors.checks()}
COMPONENTS = [("com.example.A", "com.example.A"), ("com.example.B", "com.example.B")]

# A check, and the fault that it finds.
FOUND = {
    "connect-is-acknowledged": "denies everybody",
    "connect-ignores-what-it-does-not-know": "denies everybody",
    "another-version-is-denied": "accepts everybody",
    "connect-that-is-no-json-is-denied": "accepts everybody",
    "a-denied-client-may-close-first": "hangs up with the denial",
    "a-component-name-is-a-claim": "denies everybody",
    "silence-instead-of-connect-is-hung-up-on": "hangs up at once",
    "the-control-socket-needs-no-name": "denies everybody",
    "a-connection-per-client": "denies everybody",
    "a-protocol-error-ends-the-connection": "takes no error",
    "a-connection-that-breaks-disturbs-no-other": "ends everybody",
    "a-call-is-answered-and-ended": "never ends a stream",
    "a-subscription-is-answered-and-stays": "ends every stream",
    "requests-need-three-headers-and-an-operation": "never ends a stream",
    "frames-come-in-pieces": "needs whole pieces",
    "frames-come-together": "hears one request",
    "both-sides-may-end-a-stream": "takes an end once",
    "a-request-that-ends-its-stream-asks-for-nothing": "never hears an end",
    "a-ping-is-answered": "never pongs",
    "an-unknown-operation-is-an-error": "ends connections",
    "errors-say-what-every-sdk-reads": "has no _message",
    "a-control-operation-needs-the-control-socket": "permits nothing",
    "a-connection-has-64-streams": "swaps codes",
    "only-a-subscriber-answers": "swaps codes",
    "only-what-was-asked-is-answered": "swaps codes",
    "an-answer-names-its-update": "swaps codes",
    "component-operations-use-the-errors-of-greengrass": "permits nothing",
    "a-notice-says-what-greengrass-says": "hides isGgcRestarting",
    "a-notice-says-how-long-there-is": "hides respondByMs",
    "the-response-comes-before-any-event": "answers late",
    "every-subscription-hears-the-notice": "tells one connection",
    "zero-acknowledges": "grants for ever",
    "a-deferral-holds-and-then-asks-again": "grants nothing",
    "a-grant-says-how-much-was-granted": "hides grantedMs",
    "a-deferral-can-be-cut-short": "grants for ever",
    "durations-are-whole-milliseconds": "swaps codes",
    "payloads-are-strict-json": "swaps codes",
    "a-confirm-component-has-the-last-word": "hides final",
    "a-deferral-ends-the-final-asking": "always says final",
    "a-deferral-outlives-its-connection": "grants nothing",
    "a-last-call-comes-before-the-end": "hides lastCall",
    "a-notice-suits-every-sdk": "sends long notices",
    "a-gate-without-components-opens-at-once": "hides unmatched",
    "the-response-names-the-participants": "hides participants",
    "silence-ends": "ignores policies",
    "silence-refuses-where-it-should": "cancels",
    "a-budget-ends": "ignores policies",
    "an-update-may-skip-components": "ignores policies",
    "a-required-component-is-waited-for": "ignores policies",
    "the-same-request-attaches": "never attaches",
    "updates-have-nothing-to-do-with-each-other": "grants nothing",
    "the-outcome-is-posted-once": "posts twice",
    "a-post-is-owed": "never posts",
    "a-latecomer-hears-what-is-under-way": "hides what is under way",
    "an-update-can-be-cancelled": "refuses",
    "an-update-can-be-forced": "hides lastCall",
    "updates-end-in-order": "knows no conflict",
    "the-status-says-who-blocks": "hides blockers",
    "the-status-can-be-watched": "shows nothing",
    "history-says-what-was-decided": "forgets",
    "long-texts-are-cut": "hides messages",
}


def check_broker(*arguments):
    command = [sys.executable, ROOT / "Protocol/conformance/check-broker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


@pytest.fixture
def with_fault(daemon):
    brokers = []

    def start(fault):
        brokers.append(FaultyBroker(daemon, FAULTS[fault]))
        return brokers[-1]

    yield start
    for broker in brokers:
        broker.close()


def attempt(check, broker, patience):
    tested = Broker(broker.component_socket, broker.control_socket, patience, COMPONENTS)
    return verdict(check, tested.attempt)


@pytest.mark.slow
def test_our_broker_passes_every_check(daemon):
    sockets = ["--socket", daemon.component_socket, "--control-socket", daemon.control_socket]
    done = check_broker(*sockets)
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"{len(CHECKS) + len(VECTORS)} ok, 0 failed, 0 skipped" in done.stdout


def test_without_a_control_socket_what_greengrass_promises_is_checked(daemon):
    done = check_broker("--socket", daemon.component_socket)
    assert done.returncode == 0, done.stdout + done.stderr
    core = [check for check in CHECKS.values() if check.kind == "core" and not check.needs_control]
    assert len(core) > 15
    for check in core:
        assert f"ok   {check.name} " in done.stdout


def test_what_is_checked_without_a_control_socket_holds_for_plain_greengrass(directory):
    broker = PlainBroker(f"{directory}/plain.socket")
    done = check_broker("--socket", broker.path)
    broker.close()
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("skip ") > 30


def test_components_can_be_known_by_their_tokens(start, directory, processes):
    tokens, arguments = f"{directory}/tokens", []
    for name in ["com.example.One", "com.example.Two"]:
        program = processes.start(BUILD / "reprieve", "token", name, "--tokens", tokens)
        arguments += ["--component", f"{name}={program.line()}"]
        program.end()
    daemon = start("--tokens-file", tokens)
    arguments += ["--socket", daemon.component_socket, "--control-socket", daemon.control_socket]
    done = check_broker(*arguments, "--only", "a-deferral-ends", "--only", "the-status-says")
    assert done.stdout.splitlines()[-1] == "2 ok, 0 failed, 0 skipped", done.stdout
    assert "com.example.One" in str(daemon.coordinator().connection.call("reprieve#GetHistory"))


def test_there_is_a_fault_for_every_check():
    assert FOUND.keys() == CHECKS.keys()
    assert set(FOUND.values()) <= FAULTS.keys()


@pytest.mark.parametrize("name", FOUND)
def test_a_broken_broker_fails_the_check(with_fault, name):
    broker = with_fault(FOUND[name])
    word, reason = attempt(CHECKS[name], broker, patience=1)
    assert word == "FAIL", reason


def test_a_deaf_broker_fails_every_vector(with_fault):
    deaf = with_fault("only acknowledges")
    for name in VECTORS:
        if name.startswith("vector-connect-") and "ack" not in name and "stream" not in name:
            continue  # what is denied is tested below
        word, reason = attempt(VECTORS[name], deaf, patience=0.05)
        assert word == "FAIL", name


def test_an_unsuspecting_broker_fails_the_vectors_of_the_handshake(with_fault):
    broker = with_fault("accepts everybody")
    names = [name for name in VECTORS if name.startswith("vector-connect-")]
    failed = [name for name in names if attempt(VECTORS[name], broker, 1)[0] == "FAIL"]
    assert len(failed) == 5


def test_a_list_names_every_check_and_one_can_be_chosen(daemon):
    listed = check_broker("--list").stdout
    for name in CHECKS.keys() | VECTORS.keys():
        assert f"{name} " in listed
    only = ["--only", "a-ping-is-answered", "--socket", daemon.component_socket]
    done = check_broker(*only)
    assert done.stdout.splitlines()[-1] == "1 ok, 0 failed, 0 skipped"
    assert check_broker("--only", "no-such-thing").returncode == 1
