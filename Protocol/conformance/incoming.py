# SPDX-License-Identifier: Apache-2.0
"""What a client sends, looked at closely: the rules of its end of a connection."""

import select
import time

import schema
from connection import Failure, HungUp, expect
from eventstream import (
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    INTERNAL_ERROR,
    PING,
    PING_RESPONSE,
    PROTOCOL_ERROR,
    TERMINATE,
    Decoder,
    FrameError,
)

GREENGRASS = "aws.greengrass#"
SUBSCRIBE, DEFER = GREENGRASS + "SubscribeToComponentUpdates", GREENGRASS + "DeferComponentUpdate"


class Incoming:
    """`patience` is how many seconds the client has for most things."""

    def __init__(self, opened, patience):
        self.socket = opened
        self.patience = patience
        self.is_accepted = False
        self.open = set()  # streams
        self.due = {}  # by when each update is to be answered
        self._decoder = Decoder()
        self._latest_stream = 0

    def close(self):
        self.socket.close()

    def next_frame(self, patience=None):
        """The next frame, inspected; None if there is none in time."""
        patience = self.patience if patience is None else patience
        deadline = time.monotonic() + patience
        while True:
            try:
                frame = self._decoder.next()
            except FrameError as error:
                raise Failure(f"it sends what is no frame: {error}") from None
            if frame is not None:
                self._inspect(frame)
                return frame
            left = max(0, deadline - time.monotonic())
            if not select.select([self.socket], [], [], left)[0]:
                return None
            try:
                data = self.socket.recv(65536)
            except ConnectionResetError:
                data = b""
            if not data:
                raise HungUp("it hung up")
            self._decoder.append(data)

    def _inspect(self, frame):
        for name in (":message-type", ":message-flags", ":stream-id"):
            expect(isinstance(frame.headers.get(name), int), f"{frame} has no int32 {name}")
        expect(frame.flags in (0, TERMINATE), f"{frame}: the flags are 0, or 2 to end a stream")
        if frame.stream == 0:
            self._inspect_on_connection(frame)
        else:
            expect(self.is_accepted, f"it makes a request before it is accepted: {frame}")
            self._inspect_on_stream(frame)

    def _inspect_on_connection(self, frame):
        complains = frame.type in (PROTOCOL_ERROR, INTERNAL_ERROR)
        expect(not complains, f"it takes good frames for errors: {frame}")
        expect(frame.type in (CONNECT, PING, PING_RESPONSE), f"{frame} is on stream 0")
        expect(frame.flags == 0, f"{frame} ends stream 0")

    def _inspect_on_stream(self, frame):
        kind = frame.type
        expect(kind in (APPLICATION_MESSAGE, APPLICATION_ERROR), f"{frame} is not on stream 0")
        if frame.stream <= self._latest_stream:
            is_open = frame.stream in self.open
            expect(is_open or frame.flags & TERMINATE, f"it uses stream {frame.stream} again")
            expect(frame.flags & TERMINATE, f"it sends more than a request: {frame}")
            self.open.discard(frame.stream)
            return
        wanted = self._latest_stream + 1
        expect(frame.stream == wanted, f"it opens stream {frame.stream} where {wanted} is next")
        self._latest_stream = wanted
        operation = frame.headers.get("operation")
        expect(isinstance(operation, str), f"{frame} has no operation")
        if not frame.flags & TERMINATE:
            self.open.add(frame.stream)
        if operation in (SUBSCRIBE, DEFER):
            self._inspect_request(frame, operation)

    def _inspect_request(self, frame, operation):
        try:
            value = frame.json if frame.payload else {}
        except ValueError:
            raise Failure(f"the payload is no JSON: {frame}") from None
        wrong = schema.complaint(schema.name_for(operation + "Request"), value)
        expect(wrong is None, f"{operation} makes no sense: {wrong}")
        if operation == DEFER:
            known = value["deploymentId"] in self.due
            expect(known, f"it answers {value['deploymentId']!r}, about which it was not asked")
