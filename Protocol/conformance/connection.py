# SPDX-License-Identifier: Apache-2.0
"""A client's end of a connection, which looks closely at whatever the broker sends."""

import os
import select
import socket
import time

import schema
from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    INTERNAL_ERROR,
    PROTOCOL_ERROR,
    TERMINATE,
    Decoder,
    message,
)

JSON = "application/json"


class Failure(AssertionError):
    """What a check finds wrong, in one line."""


class HungUp(Exception):
    """The other side closed the connection."""


class Refused(Exception):
    """The broker answered with an error."""

    def __init__(self, frame):
        self.frame = frame
        self.code = frame.model.split("#")[-1]
        self.payload = frame.json if frame.model else {}
        super().__init__(f"{self.code}: {self.payload.get('message')}")


def expect(condition, complaint):
    if not condition:
        raise Failure(complaint)


class Connection:
    """`patience` is how many seconds an answer may take."""

    def __init__(self, opened, patience):
        self.socket = opened
        self.patience = patience
        self._decoder = Decoder()
        self._waiting = []
        self._latest_stream = 0

    @classmethod
    def open(cls, path, patience):
        return cls(_opened(path), patience)

    @classmethod
    def open_elsewhere(cls, path, patience):
        """Another process opens it: a broker does not ask the process that coordinates."""
        ours, theirs = socket.socketpair()
        child = os.fork()
        if child == 0:
            try:
                opened = _opened(path)
                socket.send_fds(theirs, [b"."], [opened.fileno()])
            finally:
                os._exit(0)
        theirs.close()
        with ours:
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        os.waitpid(child, 0)
        expect(descriptors, f"{path} cannot be opened")
        return cls(socket.socket(fileno=descriptors[0]), patience)

    def close(self):
        self.socket.close()

    # Frames

    def send(self, data):
        self.socket.settimeout(self.patience)
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise HungUp("the broker hung up") from None

    def next_frame(self, patience=None):
        """The next frame, whatever it belongs to. None if there is none in time."""
        if self._waiting:
            return self._waiting.pop(0)
        return self._read(time.monotonic() + (self.patience if patience is None else patience))

    def _read(self, deadline):
        while True:
            frame = self._decoder.next()
            if frame is not None:
                inspect(frame)
                return frame
            left = max(0, deadline - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise HungUp("the broker hung up")
            self._decoder.append(data)

    def next_on(self, stream, patience=None):
        """The next frame on a stream; what belongs to others waits for them."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        for index, frame in enumerate(self._waiting):
            if frame.stream == stream:
                return self._waiting.pop(index)
        while True:
            frame = self._read(deadline)
            if frame is None or frame.stream == stream:
                return frame
            expect(frame.stream != 0, f"the broker ends the connection: {frame}")
            self._waiting.append(frame)

    def is_quiet(self, seconds):
        """Whether nothing at all arrives for so long."""
        frame = self.next_frame(seconds)
        if frame is not None:
            self._waiting.append(frame)
        return frame is None

    def ending(self):
        """How the broker ends the connection: all that it still says, until it hangs up."""
        frames, deadline = [], time.monotonic() + self.patience
        try:
            while time.monotonic() < deadline:
                frame = self.next_frame(max(0.01, deadline - time.monotonic()))
                if frame is not None:
                    frames.append(frame)
        except HungUp:
            return frames
        raise Failure("the connection goes on")

    # The handshake

    def say_connect(self, name=None, version="0.1.0", payload=None):
        if payload is None:
            payload = {} if name is None else {"authToken": name}
        self.send(message(CONNECT, payload=payload, version=version))

    def connect(self, name=None):
        self.say_connect(name)
        answer = self.next_frame()
        expect(answer is not None, "CONNECT is not answered")
        expect(answer.type == CONNECT_ACK, f"CONNECT is answered by {answer}")
        expect(answer.stream == 0, f"CONNECT_ACK is on stream {answer.stream}")
        expect(answer.flags & ACCEPTED, f"{name} is denied; give a token by --component NAME=TOKEN")
        return self

    # Streams

    def request(self, operation, payload=None, flags=0):
        """Opens a stream with a request; `operation` without a namespace is Greengrass's."""
        if "#" not in operation:
            operation = "aws.greengrass#" + operation
        self._latest_stream += 1
        stream, payload = self._latest_stream, {} if payload is None else payload
        self.send(message(APPLICATION_MESSAGE, flags, stream, payload, operation=operation))
        return stream

    def skip_streams(self, count):
        """After frames that were written by hand."""
        self._latest_stream += count

    def answer_on(self, stream):
        frame = self.next_on(stream)
        expect(frame is not None, f"stream {stream} is not answered within {self.patience} s")
        if frame.type == APPLICATION_ERROR:
            expect(frame.flags & TERMINATE, "an error does not end its stream (flag 2)")
            raise Refused(frame)
        return frame

    def response(self, stream, operation, flags):
        """The response to a request, with the flags that it should have."""
        frame = self.answer_on(stream)
        wanted = operation.split("#")[-1] + "Response"
        expect(frame.model.endswith("#" + wanted), f"{frame.model!r} where {wanted} is due")
        expect(frame.flags == flags, f"{wanted} has flags {frame.flags}, not {flags}")
        return frame.json

    def call(self, operation, payload=None):
        """A request and its whole answer."""
        return self.response(self.request(operation, payload), operation, TERMINATE)

    def subscribe_to(self, operation, payload=None):
        """A request that opens a stream of events. Returns the stream and the response."""
        stream = self.request(operation, payload)
        return stream, self.response(stream, operation, 0)

    def refusal(self, operation, payload=None):
        """The error that a request is to be answered with."""
        return self.refusal_on(self.request(operation, payload))

    def refusal_on(self, stream):
        try:
            frame = self.answer_on(stream)
        except Refused as refused:
            return refused
        raise Failure(f"an error is due, and here is {frame}")

    def end_stream(self, stream):
        self.send(message(APPLICATION_MESSAGE, TERMINATE, stream))


def _opened(path):
    opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    opened.connect(str(path))
    return opened


def inspect(frame):
    """What holds for every frame that a broker sends."""
    for name in (":message-type", ":message-flags", ":stream-id"):
        expect(isinstance(frame.headers.get(name), int), f"{frame} has no int32 {name}")
    kinds = {type(value) for value in frame.headers.values()}
    expect(kinds <= {int, str}, f"{frame} has headers that are neither int32 nor string")
    on_stream = frame.type in (APPLICATION_MESSAGE, APPLICATION_ERROR)
    expect(on_stream == (frame.stream > 0), f"{frame} is on the wrong stream")
    # A bare end of a stream, or an error of Greengrass's for which it has no shape.
    is_bare = frame.flags & TERMINATE and not frame.model
    if on_stream and not is_bare:
        content = frame.headers.get(":content-type")
        expect(content == JSON, f"{frame} has :content-type {content!r}")
        _inspect_payload(frame, schema.name_for(frame.model))
    elif frame.type in (PROTOCOL_ERROR, INTERNAL_ERROR) and frame.payload:
        _inspect_payload(frame, "Complaint")


def _inspect_payload(frame, name):
    try:
        value = frame.json
    except ValueError:
        raise Failure(f"{frame} is no JSON") from None
    expect(isinstance(value, dict), f"{frame} is no object")
    wrong = schema.complaint(name, value) if name else None
    expect(wrong is None, f"{frame.model or 'an error'} does not fit its schema: {wrong}")
