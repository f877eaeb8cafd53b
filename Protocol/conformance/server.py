# SPDX-License-Identifier: Apache-2.0
"""A scripted broker for clients that are tested: it does what a check says."""

import os
import select
import socket
import time

import schema
from connection import JSON, Failure, HungUp, expect
from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    PING,
    PING_RESPONSE,
    TERMINATE,
    message,
)
from incoming import DEFER, GREENGRASS, SUBSCRIBE, Incoming

EVENTS = GREENGRASS + "ComponentUpdatePolicyEvents"
GRANT = {"grantedMs": 0, "remainingMs": 43_200_000}


class Server:
    """The socket that the client connects to, which may go and come back."""

    def __init__(self, path, patience):
        self.path = path
        self.patience = patience
        self.sessions = []
        self.may_give_up = False  # whether the client may end after this
        self._listener = None
        self.listen()

    def listen(self):
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._listener.bind(self.path)
        self._listener.listen()

    def stop_listening(self):
        self._listener.close()
        os.unlink(self.path)

    def close(self):
        for session in self.sessions:
            session.close()
        self._listener.close()

    def accept(self, patience=None):
        """The next connection; None if there is none in time."""
        patience = self.patience if patience is None else patience
        if not select.select([self._listener], [], [], patience)[0]:
            return None
        self.sessions.append(Session(self._listener.accept()[0], self.patience))
        return self.sessions[-1]

    def connection(self):
        """The next connection, which must come."""
        session = self.accept()
        expect(session is not None, f"it does not connect within {self.patience} s")
        return session

    def connected(self):
        """The next connection, after its handshake."""
        session = self.connection()
        session.handshake()
        return session

    def subscribed(self):
        """The next connection, with a subscription."""
        session = self.connected()
        session.subscription()
        return session


class Session(Incoming):
    """One connection of the client, and what a broker does with it."""

    def __init__(self, opened, patience):
        super().__init__(opened, patience)
        self.stream = None  # of the subscription
        self.confirms = False

    # What the client sends

    def next_request(self, patience=None):
        """The next request to subscribe or to defer. All else is answered here."""
        deadline = time.monotonic() + (self.patience if patience is None else patience)
        while True:
            frame = self.next_frame(max(0, deadline - time.monotonic()))
            if frame is None:
                return None
            if frame.type == PING:
                self.send(PING_RESPONSE, payload=frame.payload)
            if frame.type != APPLICATION_MESSAGE or frame.flags & TERMINATE:
                continue
            operation = frame.headers.get("operation")
            if operation in (SUBSCRIBE, DEFER):
                return frame
            if operation == GREENGRASS + "UpdateState":
                self.respond(frame, {})
            else:
                self.refuse(frame, "ServiceError", f"{operation} is not supported")

    # The handshake and the subscription

    def handshake(self):
        self.hears_connect()
        self.accepts()

    def hears_connect(self):
        frame = self.next_frame()
        expect(frame is not None, "it connects and says nothing")
        expect(frame.type == CONNECT, f"it starts with {frame}")
        version = frame.headers.get(":version")
        expect(version == "0.1.0", f"CONNECT has :version {version!r}, not '0.1.0'")
        try:
            wrong = schema.complaint("Connect", frame.json)
        except ValueError:
            wrong = "the payload is no JSON"
        expect(wrong is None, f"CONNECT makes no sense: {wrong}")
        return frame.json

    def accepts(self):
        self.is_accepted = True
        self.send(CONNECT_ACK, ACCEPTED)

    def hears_subscription(self):
        """The request to subscribe, before it is answered."""
        frame = self.next_request()
        expect(frame is not None, f"it does not subscribe within {self.patience} s")
        operation = frame.headers["operation"]
        expect(operation == SUBSCRIBE, f"it calls {operation} before it subscribes")
        self.stream = frame.stream
        self.confirms = bool(frame.payload and frame.json.get("confirm"))
        return frame

    def subscription(self):
        self.respond(self.hears_subscription(), {})

    # What the broker says

    def send(self, kind, flags=0, stream=0, payload=b"", **more):
        self.send_bytes(message(kind, flags, stream, payload, **more))

    def send_bytes(self, data):
        self.socket.settimeout(self.patience)
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            raise HungUp("it hung up") from None

    def response(self, frame, payload, **more):
        """The bytes that respond to a request."""
        operation = frame.headers["operation"]
        flags = 0 if operation == SUBSCRIBE else TERMINATE
        if flags:
            self.open.discard(frame.stream)
        headers = {"content_type": JSON, "service_model_type": operation + "Response", **more}
        return message(APPLICATION_MESSAGE, flags, frame.stream, payload, **headers)

    def respond(self, frame, payload, **more):
        self.send_bytes(self.response(frame, payload, **more))

    def refuse(self, frame, code, text):
        self.open.discard(frame.stream)
        payload = {"message": text, "_errorCode": code, "_message": text, "_service": "conformance"}
        headers = {"content_type": JSON, "service_model_type": GREENGRASS + code}
        self.send(APPLICATION_ERROR, TERMINATE, frame.stream, payload, **headers)

    def event(self, payload, **more):
        """The bytes of an event."""
        headers = {"content_type": JSON, "service_model_type": EVENTS, **more}
        return message(APPLICATION_MESSAGE, 0, self.stream, payload, **headers)

    def notice(self, update, respond_by=None, **more):
        """The bytes of a notice, which is then to be answered."""
        respond_by = int(self.patience * 1000) if respond_by is None else respond_by
        self.due[update] = time.monotonic() + respond_by / 1000
        ours = {"round": 1, "respondByMs": respond_by, "deadlineInMs": 86_400_000}
        ours = {**ours, "maxDeferMs": 3_600_000, **more}
        content = {"deploymentId": update, "isGgcRestarting": False}
        content.update({name: value for name, value in ours.items() if value is not None})
        return self.event({"preUpdateEvent": content})

    def asks(self, update, **more):
        self.send_bytes(self.notice(update, **more))

    def posts(self, update, **more):
        self.send_bytes(self.event({"postUpdateEvent": {"deploymentId": update, **more}}))

    # What is expected of the client

    def hears_answer(self, update):
        """The request that answers a notice, before it is answered itself."""
        while True:
            frame = self.next_request(max(0, self.due[update] - time.monotonic()))
            expect(frame is not None, f"it does not answer the notice of {update!r} in time")
            if frame.headers["operation"] == SUBSCRIBE:
                self.respond(frame, {})
            elif frame.json["deploymentId"] == update:
                return frame
            else:
                self.respond(frame, GRANT)

    def answer(self, update):
        """What is answered to a notice."""
        frame = self.hears_answer(update)
        self.respond(frame, GRANT)
        return frame.json

    def answers(self, *updates):
        """Each update is answered, in whatever order."""
        missing = set(updates)
        while missing:
            due = min(self.due[update] for update in missing)
            frame = self.next_request(max(0, due - time.monotonic()))
            expect(frame is not None, f"it does not answer {sorted(missing)} in time")
            self.respond(frame, GRANT)
            missing.discard(frame.json["deploymentId"])

    def goes_on(self):
        """It still answers, over this connection."""
        update = f"d-{len(self.due) + 1}"
        self.asks(update)
        try:
            self.answer(update)
        except HungUp:
            raise Failure("it hung up over it") from None

    def says_nothing(self, seconds):
        """It answers nothing for so long."""
        frame = self.next_request(seconds)
        expect(frame is None, f"it sends {frame}")

    def hangs_up(self):
        """It closes the connection; what it sends before is of no account."""
        deadline = time.monotonic() + self.patience
        while time.monotonic() < deadline:
            try:
                if not select.select([self.socket], [], [], 0.05)[0]:
                    continue
                if not self.socket.recv(65536):
                    return
            except ConnectionResetError:
                return
        raise Failure("it does not hang up")
