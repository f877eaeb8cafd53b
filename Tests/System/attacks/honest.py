# SPDX-License-Identifier: Apache-2.0
"""Who negotiates honestly beside an attack, each in a process of its own, and measures.

What is expected of an update is only that it is not later than its limits, and that it never goes
ahead over a component that is busy.
"""

import contextlib
import json
import os
import select
import signal
import socket
import sys
import time
import traceback

from attacks.attack import become
from daemon import open_elsewhere
from protocol import Component, Connection, Coordinator, Failed

HONEST, ARM, NEWCOMER = "com.example.Honest", "com.example.Arm", "com.example.Newcomer"
# An update requires it. Nobody honest has this name: another component must not stand in for it.
REQUIRED = "com.example.Required"
NEWCOMERS_USER = 2200
# How long an honest process waits for anything before it calls it lost, in seconds.
PATIENCE = 8
BUSY = 100
# An attack is over once such an update is, so it is short.
BROAD = {
    "responseTimeoutMs": 300, "deadlineMs": 600, "maxDeferMs": 250, "maxTotalDeferMs": 400,
}  # fmt: skip
# How much later than its deadline it may end, in seconds.
LATE = 0.9
# How often a component is asked for its final word in one update.
FINALS = 8


class Findings:
    """What one of them found: times in seconds by their kind, and what must not be."""

    def __init__(self):
        self.times, self.wrong, self.gates = {}, [], 0
        # Whether an attacker's component has taken part in an update.
        self.strangers = False

    def time(self, kind, call):
        begun = time.monotonic()
        try:
            return call()
        except OSError as error:
            self.wrong.append(f"{kind}: {type(error).__name__}: {error}")
            raise
        finally:
            self.times.setdefault(kind, []).append(time.monotonic() - begun)

    def check(self, holds, sentence):
        if not holds:
            self.wrong.append(sentence)


class Honest:
    """A process of an honest user. It goes on until it is told to end, then says what it found."""

    def __init__(self, run, daemon, user=None):
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        self.process = os.fork()
        if self.process == 0:
            self._ours.close()
            signal.alarm(0)
            findings = Findings()
            try:
                self._run(run, daemon, user, theirs, findings)
            except Exception as error:
                where = traceback.extract_tb(sys.exc_info()[2])[-1]
                findings.wrong.append(f"{type(error).__name__}: {error} ({where.name})")
            finally:
                # Whoever waits for the first sign is not kept waiting by one that has failed.
                theirs.sendall(b"." + json.dumps(vars(findings)).encode())
                os._exit(0)
        theirs.close()

    def _run(self, run, daemon, user, theirs, findings):
        is_ready = []

        def on():
            """Whether it goes on; says at first that all is prepared."""
            if not is_ready:
                theirs.sendall(b"-")
                is_ready.append(True)
            return not select.select([theirs], [], [], 0)[0]

        if user:
            become(user)
        theirs.recv(1)
        run(daemon, findings, on)

    def begin(self):
        """Lets it begin, once it is known where its process runs."""
        self._ours.sendall(b".")

    def wait_until_ready(self):
        self._ours.settimeout(PATIENCE)
        self._ours.recv(1)

    def end(self):
        """Tells it to end."""
        self._ours.shutdown(socket.SHUT_WR)

    def findings(self):
        """What it found, or that it hangs."""
        self._ours.settimeout(2 * PATIENCE)
        text = b""
        try:
            while piece := self._ours.recv(65536):
                text += piece
        except TimeoutError:
            os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        found = Findings()
        vars(found).update(json.loads(text.lstrip(b"-.")) if text.strip(b"-.") else {
            "wrong": ["an honest process hangs"]
        })  # fmt: skip
        return found


def connect(daemon, name):
    connection = Connection.open(daemon.component_socket)
    return Component(connection.connect(name), confirm=True)


def coordinate(daemon):
    return Coordinator(open_elsewhere(daemon.control_socket).connect())


def next_event(component, deployment):
    """The next event about an update. Notices of another are acknowledged meanwhile."""
    end = time.monotonic() + PATIENCE
    while True:
        kind, event = an_event(component, max(0.001, end - time.monotonic()))
        if event["deploymentId"] == deployment:
            return kind, event
        if kind == "preUpdateEvent":
            answer(component, event)


def narrow(daemon, findings, on):
    """Updates that concern one component, which confirms: nobody else has a say in them."""
    component, coordinator, number = connect(daemon, HONEST), coordinate(daemon), 0
    while number == 0 or on():
        number += 1
        one_narrow(component, coordinator, findings, f"narrow-{number}")
        findings.gates += 1


def one_narrow(component, coordinator, findings, id):
    policy = {"responseTimeoutMs": PATIENCE * 1000, "deadlineMs": 2 * PATIENCE * 1000}
    gate = findings.time(
        "announce", lambda: coordinator.gate(id, policy, components=[HONEST], exclusive=False)
    )
    next_event(component, id)
    for _ in range(6):
        granted = findings.time("answer", lambda: component.defer(id, 5_000))
        findings.check(granted["grantedMs"] == 5_000, f"{id}: a deferral is cut: {granted}")
        time.sleep(0.002)
    ready, _, _ = select.select([coordinator.connection.socket], [], [], 0)
    if ready:
        findings.check(gate.event()[0] == "progress", f"{id}: the gate ended over a deferral")
    findings.time("answer", lambda: component.acknowledge(id))
    kind, event = next_event(component, id)
    findings.check(event.get("final"), f"{id}: {kind} and no final notice: {event}")
    word = {"round": event.get("round", 1)}
    findings.time("answer", lambda: component.acknowledge(id, **word))
    release = findings.time("open", lambda: gate.end(PATIENCE))
    kind, end = release
    findings.check(kind == "released", f"{id}: {kind}: {end}")
    findings.check(end.get("basis") == "consent", f"{id}: released on {end.get('basis')}")
    coordinator.complete(id)
    kind, event = next_event(component, id)
    findings.check(kind == "postUpdateEvent", f"{id}: {kind} in place of the outcome")


def broad(daemon, findings, on):
    """Updates that concern everybody: others may hold one back to its deadline, and no longer."""
    component, coordinator, number = connect(daemon, ARM), coordinate(daemon), 0
    while number == 0 or on():
        number += 1
        one_broad(component, coordinator, findings, f"broad-{number}", BROAD)
        findings.gates += 1


def one_broad(component, coordinator, findings, id, policy):
    begun = time.monotonic()
    # The narrow updates go on beside it.
    gate = coordinator.gate(id, policy, exclusive=False)
    finals, until, kind = 0, None, "progress"
    while kind == "progress":
        ready = awaited(component.connection, coordinator.connection)
        if not ready:
            findings.check(False, f"{id}: nothing happens for {PATIENCE} s")
            return
        if coordinator.connection in ready:
            kind, end = gate.event(PATIENCE)
            continue
        notice = a_notice(component, id)
        if notice:
            finals += 1 if notice.get("final") else 0
            if until is None:
                asked = time.monotonic()
                until = asked + answer(component, notice, BUSY) / 1000
            else:
                answer(component, notice)
    is_busy = until is not None and time.monotonic() < until
    took = time.monotonic() - begun
    findings.times.setdefault("broad", []).append(took)
    judge(findings, id, kind, end, finals, took, is_busy)
    if kind == "released":
        coordinator.complete(id)


def requiring(daemon, findings, on):
    """Updates that require a component that is not there: each is refused, and none released."""
    coordinator, number = coordinate(daemon), 0
    while number == 0 or on():
        number += 1
        id, on_silence = f"requiring-{number}", ("refuse", "proceed")[number % 2]
        policy = {"require": [REQUIRED], "responseTimeoutMs": 200, "deadlineMs": 400,
                  "onSilence": on_silence}  # fmt: skip
        gate = coordinator.gate(id, policy, components=[REQUIRED], exclusive=False)
        kind, end = gate.end(PATIENCE)
        findings.check(kind == "refused", f"{id}: {kind}: {str(end)[:200]}")


def awaited(*connections):
    """Those that have something to read, or have read something that nobody took yet."""
    ready = [one for one in connections if one._received or one._waiting]
    if ready:
        return ready
    sockets, _, _ = select.select([one.socket for one in connections], [], [], PATIENCE)
    return [one for one in connections if one.socket in sockets]


def answer(component, notice, milliseconds=0):
    id, word = notice["deploymentId"], {"round": notice["round"]}
    # By the time that it answers, that update may be over.
    with contextlib.suppress(Failed):
        return component.answer(id, recheckAfterMs=milliseconds, **word)["grantedMs"]
    return 0


def judge(findings, id, kind, end, finals, took, is_busy):
    findings.check(kind == "released", f"{id}: {kind}: {str(end)[:200]}")
    findings.strangers |= any("user@" in name for name in end.get("participants", []))
    findings.check(took < BROAD["deadlineMs"] / 1000 + LATE, f"{id}: took {took:.1f} s")
    findings.check(not is_busy, f"{id}: opened over a busy component")
    findings.check(finals <= FINALS, f"{id}: the arm was told `final` {finals} times")
    for state in ("silent", "overridden"):
        without = ARM in end.get(state, []) and end["basis"] != "deadline"
        findings.check(not without, f"{id}: opened on {end.get('basis')} with the arm {state}")


def an_event(component, timeout=PATIENCE):
    model = "aws.greengrass#ComponentUpdatePolicyEvents"
    ((kind, event),) = component.connection.event(component.stream, model, timeout).json.items()
    return kind, event


def a_notice(component, id):
    """The notice of this update that has arrived; None if what has arrived is another event."""
    kind, event = an_event(component)
    if kind == "postUpdateEvent":
        return None
    if event["deploymentId"] == id:
        return event
    answer(component, event)
    return None


def operator(daemon, findings, on):
    """Asks for the status over and over, each time over a new connection."""
    while True:
        findings.time("status", lambda: ask(daemon))
        if not on():
            return
        time.sleep(0.02)


def ask(daemon):
    with waiting_connection(daemon.control_socket) as connection:
        connection.connect()
        return Coordinator(connection).status()


def newcomer(daemon, findings, on):
    """A component of an unprivileged user that connects over and over."""
    while on():
        findings.time("newcomer", lambda: visit(daemon))
        time.sleep(0.02)


def visit(daemon):
    with waiting_connection(daemon.component_socket) as connection:
        connection.connect(NEWCOMER).call("UpdateState")


def waiting_connection(path):
    """A connection that waits where too many others do; one that must not block is refused."""
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.connect(str(path))
    return Connection(opened)
