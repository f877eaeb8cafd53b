# SPDX-License-Identifier: Apache-2.0
"""A small client of event-stream RPC: the handshake, streams. Standard library only.

Frames are those of the conformance kit. Nothing is shared with the broker, so that both can be
wrong only in different ways.
"""

import pathlib
import socket
import struct
import sys
import time
import zlib
from dataclasses import dataclass, field

# Programs that a test starts have not been told where to find it.
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Protocol/conformance"))

from eventstream import (  # noqa: F401, since tests import all of it from here
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    INT32,
    INTERNAL_ERROR,
    PING,
    PING_RESPONSE,
    PROTOCOL_ERROR,
    STRING,
    TERMINATE,
    Frame,
    decode_headers,
    encode,
    header,
    message,
)

TIMEOUT = 10


class HungUp(Exception):
    """The other side closed the connection."""


class Failed(Exception):
    """The broker answered with an error."""

    def __init__(self, frame):
        self.frame = frame
        self.model = frame.headers["service-model-type"].removeprefix("aws.greengrass#")
        self.payload = frame.json
        self.message = self.payload["message"]
        super().__init__(f"{self.model}: {self.message}")


class Connection:
    """One connection, whose socket may have been opened elsewhere."""

    def __init__(self, socket):
        self.socket = socket
        self._received = b""
        self._waiting = []
        self._latest_stream = 0

    @classmethod
    def open(cls, path):
        opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        opened.settimeout(TIMEOUT)
        opened.connect(str(path))
        return cls(opened)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    # Frames

    def send(self, frame):
        self.socket.settimeout(TIMEOUT)
        self.socket.sendall(frame)

    def _read(self, count, deadline):
        while len(self._received) < count:
            self.socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                piece = self.socket.recv(65536)
            except (ConnectionResetError, BrokenPipeError):
                piece = b""
            if not piece:
                raise HungUp
            self._received += piece
        piece, self._received = self._received[:count], self._received[count:]
        return piece

    def next_frame(self, timeout=TIMEOUT):
        """The next frame, whatever it belongs to, with its checksums and lengths verified."""
        if self._waiting:
            return self._waiting.pop(0)
        return self._next_from_socket(time.monotonic() + timeout)

    def _next_from_socket(self, deadline):
        prelude = self._read(12, deadline)
        total, length, checksum = struct.unpack(">III", prelude)
        assert zlib.crc32(prelude[:8]) == checksum, "the prelude's checksum is wrong"
        rest = self._read(total - 12, deadline)
        assert zlib.crc32(prelude + rest[:-4]) == struct.unpack(">I", rest[-4:])[0]
        frame = Frame(decode_headers(rest[:length]), rest[length:-4])
        self.check(frame)
        return frame

    def check(self, frame):
        """What a broker never sends."""
        kinds = {type(value) for value in frame.headers.values()}
        assert kinds <= {int, str}, "a broker sends int32 and strings only"
        if frame.type in (APPLICATION_MESSAGE, APPLICATION_ERROR) and frame.payload:
            assert frame.headers[":content-type"] == "application/json"
            assert isinstance(frame.json, dict)

    def next_on(self, stream, timeout=TIMEOUT):
        """The next frame on a stream; what belongs to others waits for them."""
        deadline = time.monotonic() + timeout
        for index, frame in enumerate(self._waiting):
            if frame.stream == stream:
                return self._waiting.pop(index)
        while True:
            frame = self._next_from_socket(deadline)
            if frame.stream == stream:
                return frame
            self._waiting.append(frame)

    def is_quiet(self, seconds):
        """Whether nothing at all arrives for so long."""
        try:
            self._waiting.append(self.next_frame(seconds))
            return False
        except TimeoutError:
            return True

    def ends(self, timeout=TIMEOUT):
        """Whether the other side hangs up, whatever it says before."""
        try:
            while True:
                self.next_frame(timeout)
        except HungUp:
            return True
        except TimeoutError:
            return False

    # The handshake

    def say_connect(self, name=None, version="0.1.0", payload=None):
        if payload is None:
            payload = {} if name is None else {"authToken": name}
        self.send(message(CONNECT, payload=payload, version=version))

    def connect(self, name=None):
        self.say_connect(name)
        answer = self.next_frame()
        assert (answer.type, answer.flags, answer.stream) == (CONNECT_ACK, ACCEPTED, 0), answer
        return self

    # Streams

    def request(self, operation, payload=None, flags=0):
        """Opens a stream with a request; `operation` without a namespace is Greengrass's."""
        if "#" not in operation:
            operation = "aws.greengrass#" + operation
        self._latest_stream += 1
        stream = self._latest_stream
        payload = {} if payload is None else payload
        self.send(message(APPLICATION_MESSAGE, flags, stream, payload, operation=operation))
        return stream

    def response(self, stream, model, timeout=TIMEOUT):
        """The response that a stream begins with."""
        frame = self.next_on(stream, timeout)
        if frame.type == APPLICATION_ERROR:
            raise_error(frame)
        assert frame.headers["service-model-type"].endswith(model), frame
        return frame

    def call(self, operation, payload=None):
        """A request and its whole answer."""
        stream = self.request(operation, payload)
        frame = self.response(stream, operation.split("#")[-1] + "Response")
        assert frame.flags == TERMINATE, "the response to a call ends its stream"
        return frame.json

    def subscribe_to(self, operation, payload=None):
        """A request that opens a stream of events. Returns the stream and the response."""
        stream = self.request(operation, payload)
        frame = self.response(stream, operation.split("#")[-1] + "Response")
        assert frame.flags == 0, "the stream stays open"
        return stream, frame.json

    def event(self, stream, model, timeout=TIMEOUT):
        frame = self.next_on(stream, timeout)
        if frame.type == APPLICATION_ERROR:
            raise_error(frame)
        assert frame.headers["service-model-type"] == model, frame
        return frame

    def end_stream(self, stream):
        self.send(message(APPLICATION_MESSAGE, TERMINATE, stream))


def raise_error(frame):
    """An error holds what every SDK reads."""
    failed = Failed(frame)
    assert frame.flags == TERMINATE, "an error ends its stream"
    assert failed.payload["_errorCode"] == failed.model
    assert failed.payload["_message"] == failed.message
    assert failed.payload["_service"]
    raise failed


class Component:
    """A subscribed component, over a connection that has shaken hands."""

    def __init__(self, connection, **request):
        self.connection = connection
        self.stream, answer = connection.subscribe_to("SubscribeToComponentUpdates", request)
        assert answer == {}

    def _event(self, kind, timeout):
        model = "aws.greengrass#ComponentUpdatePolicyEvents"
        event = self.connection.event(self.stream, model, timeout).json
        assert list(event) == [kind], event
        return event[kind]

    def notice(self, timeout=TIMEOUT):
        return self._event("preUpdateEvent", timeout)

    def post(self, timeout=TIMEOUT):
        return self._event("postUpdateEvent", timeout)

    def answer(self, deployment, **more):
        request = {"deploymentId": deployment} | more
        return self.connection.call("DeferComponentUpdate", request)

    def defer(self, deployment, milliseconds, **more):
        return self.answer(deployment, recheckAfterMs=milliseconds, **more)

    def acknowledge(self, deployment, **more):
        return self.answer(deployment, recheckAfterMs=0, **more)


@dataclass
class Gate:
    """A gate that a coordinator waits at."""

    connection: Connection
    deployment: str
    stream: int
    response: dict
    seen: list = field(default_factory=list)

    def event(self, timeout=TIMEOUT):
        """The next event as (kind, content)."""
        frame = self.connection.event(self.stream, "reprieve#GateEvents", timeout)
        ((kind, content),) = frame.json.items()
        assert frame.flags == (0 if kind == "progress" else TERMINATE)
        self.seen.append((kind, content))
        return kind, content

    def end(self, timeout=TIMEOUT):
        """What the gate ends with, after any progress."""
        while True:
            kind, content = self.event(timeout)
            if kind != "progress":
                return kind, content

    def released(self, timeout=TIMEOUT):
        kind, content = self.end(timeout)
        assert kind == "released", (kind, content)
        return content

    def shows(self, component, state, timeout=TIMEOUT):
        """Waits until the progress shows a component in a state."""
        deadline = time.monotonic() + timeout
        while True:
            kind, content = self.event(max(0.001, deadline - time.monotonic()))
            assert kind == "progress", (kind, content)
            for participant in content["participants"]:
                if (participant["component"], participant["state"]) == (component, state):
                    return participant


class Coordinator:
    """Who makes updates, over a connection to the control socket that has shaken hands."""

    def __init__(self, connection):
        self.connection = connection

    def gate(self, deployment, policy=None, **request):
        request = {"deploymentId": deployment} | request
        if policy is not None:
            request["policy"] = policy
        stream, response = self.connection.subscribe_to("reprieve#GateUpdate", request)
        assert response["deploymentId"] == deployment
        return Gate(self.connection, deployment, stream, response)

    def complete(self, deployment, outcome="applied", **more):
        request = {"deploymentId": deployment, "outcome": outcome} | more
        return self.connection.call("reprieve#CompleteUpdate", request)

    def cancel(self, deployment, reason="no longer wanted"):
        request = {"deploymentId": deployment, "reason": reason}
        return self.connection.call("reprieve#CancelUpdate", request)

    def force(self, deployment, reason="it is urgent"):
        request = {"deploymentId": deployment, "reason": reason}
        return self.connection.call("reprieve#ForceUpdate", request)

    def status(self):
        return self.connection.call("reprieve#GetStatus")
