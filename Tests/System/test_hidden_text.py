# SPDX-License-Identifier: Apache-2.0
"""Text of an unprivileged user is escaped wherever a command or the log shows it."""

import os
import pathlib

import pytest
from attacks.attack import become
from daemon import BUILD
from hostile_broker import OBEYED, TEXT
from protocol import Component, Connection

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user"),
    pytest.mark.skipif(not (BUILD / "reprieve").exists(), reason="the command is not built"),
]

ATTACKER = 2101
HOLDER = "till/com.example.Hostile"


def attack(path):
    """Is denied by a name that hides something, then defers each update with such a message."""
    denied = Connection.open(path)
    denied.say_connect(payload={"componentName": TEXT})
    denied.next_frame()
    component = Component(Connection.open(path).connect("com.example.Hostile"))
    while True:
        notice = component.notice(timeout=60)
        component.answer(notice["deploymentId"], recheckAfterMs=3_600_000, message=TEXT)


def check(text, where):
    """What the attacker says is there, and nothing that a terminal obeys."""
    assert "forged" in text, f"{where} does not show the message: {text!r}"
    assert not set(OBEYED) & set(text), f"{where}: {text!r}"


@pytest.fixture
def attacked(start, directory, build_interposer):
    """A daemon with a component of an unprivileged user, that defers and hides text."""
    units = pathlib.Path(directory) / "units"
    units.write_text("-1 till.service\n")
    interposer = {"LD_PRELOAD": build_interposer("units.c"), "REPRIEVE_TEST_UNITS": str(units)}
    daemon = start(names_by_unit=True, environment=interposer)
    process = os.fork()
    if process == 0:
        try:
            become(ATTACKER)
            attack(daemon.component_socket)
        finally:
            os._exit(0)
    yield daemon
    os.kill(process, 9)
    os.waitpid(process, 0)


def test_no_command_shows_what_an_attackers_message_hides(attacked, processes):
    gates = [
        processes.reprieve(attacked, "gate", "--deployment-id", id, "--reason", "x", *options)
        for id, options in (("d-1", []), ("d-2", ["--json"]))
    ]
    check(gates[0].error_line("forged"), "gate")
    check(gates[1].line("forged"), "gate --json")

    def shows(*command, message=True):
        code, lines, errors = processes.reprieve(attacked, *command).end()
        assert code == 0, errors
        if message:
            check("".join(lines), command)
        assert not set(OBEYED) & set("".join(lines + errors)), (command, lines, errors)

    shows("status")
    shows("status", "--json")
    for id in ("d-1", "d-2"):
        shows("force", id, "--reason", TEXT, message=False)
    for gate in gates:
        code, lines, errors = gate.end()
        assert code == 0, errors
        assert not set(OBEYED) & set("".join(lines + errors)), (lines, errors)
    for options in ([], ["--json"], ["d-1"]):
        shows("history", *options)
    shows("complete", "d-1", "--message", TEXT, message=False)
    log = attacked.log.read_text()
    check(log, "the log")
    assert "denied a connection" in log
