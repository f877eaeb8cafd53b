# SPDX-License-Identifier: Apache-2.0
"""The conformance kit's check-broker: our broker passes, and a broken one fails."""

import subprocess
import sys
import threading

import broker_gates
import broker_handshake
import broker_notices
import broker_streams
import broker_vectors
import pytest
from broker import Broker
from checks import verdict
from daemon import BUILD, ROOT
from eventstream import ACCEPTED, CONNECT_ACK, PING_RESPONSE, TERMINATE, Frame
from faulty_broker import Fault, FaultyBroker, flags, on_model, on_type
from plain_broker import PlainBroker

MODULES = [broker_handshake, broker_streams, broker_notices, broker_gates]
CHECKS = {check.name: check for module in MODULES for check in module.check.checks}
VECTORS = {check.name: check for check in broker_vectors.checks()}
COMPONENTS = [("com.example.A", "com.example.A"), ("com.example.B", "com.example.B")]

def hide_restart(event):
    event.get("preUpdateEvent", {}).pop("isGgcRestarting", None)


# A check of each module, and a fault that it finds.
FOUND = {
    "another-version-is-denied": Fault(down=on_type(CONNECT_ACK, lambda f: flags(f, on=ACCEPTED))),
    "a-call-is-answered-and-ended": Fault(down=lambda f, link: [flags(f, off=TERMINATE)]),
    "a-notice-says-what-greengrass-says": on_model("PolicyEvents", hide_restart),
    "the-outcome-is-posted-once": Fault(
        down=lambda f, link: [f] * (2 if b"postUpdateEvent" in f.payload else 1)
    ),
    "vector-ping": Fault(down=lambda f, link: [] if f.type == PING_RESPONSE else [f]),
}


AT_ONCE = [
    "zero-acknowledges",
    "a-deferral-can-be-cut-short",
    "a-gate-without-components-opens-at-once",
    "an-update-may-skip-components",
]


def late(frame, link):
    if b'"released"' in frame.payload and frame.model.endswith("GateEvents"):
        threading.Event().wait(2)
    return [frame]


def deep(frame, link):
    """JSON that is nested deeper than a parser may go."""
    nested = b"[" * 60_000 + b"]" * 60_000
    return [Frame(frame.headers, nested) if frame.model.endswith("Response") else frame]


def check_broker(*arguments):
    command = [sys.executable, ROOT / "Protocol/conformance/check-broker", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


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


@pytest.mark.parametrize("name", FOUND)
def test_a_broken_broker_fails_a_check_of_each_module(daemon, name):
    broker = FaultyBroker(daemon, FOUND[name])
    tested = Broker(broker.component_socket, broker.control_socket, 1, COMPONENTS)
    word, reason = verdict((CHECKS | VECTORS)[name], tested.attempt)
    broker.close()
    assert word == "FAIL", reason


@pytest.mark.parametrize("name", AT_ONCE)
def test_a_gate_that_opens_late_does_not_open_at_once(daemon, name):
    broker = FaultyBroker(daemon, Fault(down=late))
    tested = Broker(broker.component_socket, broker.control_socket, 5, COMPONENTS)
    word, reason = verdict(CHECKS[name], tested.attempt)
    broker.close()
    assert word == "FAIL", reason


def test_json_that_is_nested_too_deep_fails_a_check(daemon):
    broker = FaultyBroker(daemon, Fault(down=deep))
    tested = Broker(broker.component_socket, broker.control_socket, 1, COMPONENTS)
    word, reason = verdict(CHECKS["zero-acknowledges"], tested.attempt)
    broker.close()
    assert word == "FAIL", reason


def test_a_list_names_every_check_and_one_can_be_chosen(daemon):
    listed = check_broker("--list").stdout
    for name in CHECKS.keys() | VECTORS.keys():
        assert f"{name} " in listed
    only = ["--only", "a-ping-is-answered", "--socket", daemon.component_socket]
    done = check_broker(*only)
    assert done.stdout.splitlines()[-1] == "1 ok, 0 failed, 0 skipped"
    assert check_broker("--only", "no-such-thing").returncode == 1
