# SPDX-License-Identifier: Apache-2.0
"""A broker that wants to harm its clients: each connection gets what its script sends."""

import contextlib
import select
import socket
import threading

from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT_ACK,
    PING,
    PROTOCOL_ERROR,
    TERMINATE,
    Decoder,
    message,
)
from threaded_listener import ThreadedListener

LARGEST, SMALLEST = 2**63 - 1, -(2**63)
# A text that a terminal would obey: CSI, BEL, DEL, CSI of C1, a change of direction, a new line.
TEXT = "\x1b[31m\x07\x7f\u009b2J\u202egnp\u2066\n reprieve: forged"
OBEYED = "\x1b\x07\x7f\u009b\u202e\u2066"


class HostileBroker(ThreadedListener):
    def __init__(self, path, script):
        self._script = script
        self._victims = []
        self.is_reached = threading.Event()
        super().__init__(path)

    # As a daemon has them.
    @property
    def control_socket(self):
        return self.path

    @property
    def component_socket(self):
        return self.path

    def serve(self, client):
        victim = Victim(client)
        self._victims.append(victim)
        self.is_reached.set()
        with contextlib.suppress(OSError, EOFError):
            self._script(victim)
            # It stays connected, and takes whatever arrives.
            while True:
                victim.next()

    def close(self):
        super().close()
        for victim in self._victims:
            with contextlib.suppress(OSError):
                victim.socket.shutdown(socket.SHUT_RDWR)


class Victim:
    """One connection of a client."""

    def __init__(self, opened):
        self.socket = opened
        self._decoder = Decoder()

    def next(self):
        while not (frame := self._decoder.next()):
            data = self.socket.recv(65536)
            if not data:
                raise EOFError
            self._decoder.append(data)
        return frame

    def send(self, kind, flags=0, stream=0, payload=b"", **more):
        self.socket.sendall(message(kind, flags, stream, payload, **more))

    def accept(self):
        self.next()
        self.send(CONNECT_ACK, ACCEPTED)

    def request(self):
        """The stream of the next request."""
        while True:
            frame = self.next()
            if frame.type == APPLICATION_MESSAGE and not frame.flags & TERMINATE:
                return frame.stream

    def open_stream(self, response, answer):
        """Responds to the next request, and has all further ones answered with `answer`."""
        self.accept()
        stream = self.request()
        self.send(APPLICATION_MESSAGE, 0, stream, response)
        if answer is not None:
            self.answer_requests(answer)
        return stream

    def answer_requests(self, payload):
        """Answers all further requests, on a thread of its own."""

        def answer():
            with contextlib.suppress(OSError, EOFError):
                while True:
                    self.send(APPLICATION_MESSAGE, TERMINATE, self.request(), payload)

        threading.Thread(target=answer, daemon=True).start()


# Scripts


def silent(victim):
    pass


def only_accepts(victim):
    victim.accept()


def bit_by_bit(victim, data):
    for byte in data:
        victim.socket.sendall(bytes([byte]))
        # Until the client hangs up.
        select.select([victim.socket], [], [], 0.1)


def handshake_bit_by_bit(victim):
    bit_by_bit(victim, message(CONNECT_ACK, ACCEPTED, 0, b" " * 10_000))


def answers_bit_by_bit(victim):
    victim.accept()
    stream = victim.request()
    bit_by_bit(victim, message(APPLICATION_MESSAGE, TERMINATE, stream, b" " * 10_000))


def half_a_frame(victim):
    victim.accept()
    stream = victim.request()
    victim.socket.sendall(message(APPLICATION_MESSAGE, 0, stream, b" " * 10_000)[:5_000])


def half_an_event(victim):
    victim.accept()
    stream = victim.request()
    victim.send(APPLICATION_MESSAGE, 0, stream, gate_response())
    victim.socket.sendall(message(APPLICATION_MESSAGE, 0, stream, b" " * 10_000)[:5_000])


def pings(victim):
    """It never reads the answers."""
    victim.accept()
    several = message(PING, payload=b"p" * 1_000) * 64
    while True:
        victim.socket.sendall(several)


def pings_before_the_handshake(victim):
    several = message(PING, payload=b"p" * 1_000) * 64
    while True:
        victim.socket.sendall(several)


def refuses(code, text=TEXT):
    def script(victim):
        victim.accept()
        payload = {"message": text, "_message": text, "_errorCode": code}
        model = "aws.greengrass#" + code
        stream = victim.request()
        more = {"service_model_type": model}
        victim.send(APPLICATION_ERROR, TERMINATE, stream, payload, **more)

    return script


def complains(victim):
    victim.accept()
    victim.request()
    victim.send(PROTOCOL_ERROR, 0, 0, {"message": TEXT})


def complains_at_once(victim):
    victim.next()
    victim.send(PROTOCOL_ERROR, 0, 0, {"message": TEXT})


def answers(payload):
    def script(victim):
        victim.accept()
        victim.send(APPLICATION_MESSAGE, TERMINATE, victim.request(), payload)

    return script


def sends(response, events, answer=None):
    """`events` is a function, since each connection gets all of them; the last may be an end."""

    def script(victim):
        stream = victim.open_stream(response, answer)
        for event in events():
            ends = not event.keys().isdisjoint(["released", "refused", "cancelled"])
            victim.send(APPLICATION_MESSAGE, TERMINATE if ends else 0, stream, event)

    return script


def floods(response, events, answer=None):
    """Sends the events again and again, as fast as it can."""

    def script(victim):
        stream = victim.open_stream(response, answer)
        data = b"".join(message(APPLICATION_MESSAGE, 0, stream, event) for event in events)
        while True:
            victim.socket.sendall(data)

    return script


# Payloads


def gate_response():
    return {"deploymentId": "d", "participants": ["a"], "attached": False, "unmatched": []}


def participant(number=1_000, text="a"):
    times = dict.fromkeys(["sinceMs", "untilMs", "deferrals", "blockedMs", "remainingMs"], number)
    return {"component": text, "state": "deferred", "message": text} | times


def update(number=1_000, text="a", participants=1):
    return {
        "deploymentId": text,
        "state": "waiting",
        "reason": text,
        "isGgcRestarting": False,
        "ageMs": number,
        "deadlineInMs": number,
        "blockedBy": [text],
        "participants": [participant(number, text)] * participants,
    }


def status(number=1_000, text="a", participants=1):
    component = {"component": text, "connections": number, "pids": [number], "unit": text}
    updates = [update(number, text, participants)]
    return {"updates": updates, "components": [component], "missing": [text]}


def history(number=1_000, text="a"):
    instants = ["announcedAtMs", "releasedAtMs", "endedAtMs", "waitedMs", "omitted"]
    counts = ["sinceAtMs", "rounds", "deferrals", "blockedMs"]
    deferral = {"grantedMs": number, "message": text}
    one = {"component": text, "state": text, "message": text, "lastDeferral": deferral}
    decision = {"deploymentId": text, "reason": text, "message": text, "basis": text}
    decision |= {"participants": [one | dict.fromkeys(counts, number)]}
    return {"decisions": [decision | dict.fromkeys(instants, number)]}


def released(number=1_000, text="a"):
    names = {"participants": [text], "silent": [text], "overridden": [text]}
    return {"released": {"deploymentId": "d", "basis": "consent", "waitedMs": number} | names}


def withdrawn(kind, text=TEXT):
    return {kind: {"deploymentId": text, "by": text, "reason": text}}


def notice(update="d", number=1_000, reason="r"):
    times = dict.fromkeys(["round", "respondByMs", "deadlineInMs", "maxDeferMs"], number)
    event = {"deploymentId": update, "isGgcRestarting": False, "reason": reason}
    return {"preUpdateEvent": event | times}
