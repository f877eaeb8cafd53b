# SPDX-License-Identifier: Apache-2.0
"""A broker of Greengrass IPC that is not ours, and has the manners of Greengrass's own nucleus:
it hangs up without a word, denies and hangs up at once, and has errors that name no shape.
"""

import contextlib
import json

from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    PING,
    PING_RESPONSE,
    TERMINATE,
    Decoder,
    FrameError,
    message,
)
from threaded_listener import ThreadedListener

JSON = "application/json"
NAMESPACE = "aws.greengrass#"
SERVED = ["SubscribeToComponentUpdates", "DeferComponentUpdate", "UpdateState"]


class PlainBroker(ThreadedListener):
    def serve(self, client):
        Client(client).run()


class Goodbye(Exception):
    """The connection ends."""


class Client:
    def __init__(self, opened):
        self.socket = opened
        self.is_connected = self.is_subscribed = False
        self.latest, self.open = 0, set()

    def run(self):
        decoder = Decoder()
        with self.socket, contextlib.suppress(OSError, Goodbye, FrameError):
            while data := self.socket.recv(65536):
                decoder.append(data)
                while frame := decoder.next():
                    self.take(frame)

    def send(self, kind, flags=0, stream=0, payload=b"", **more):
        self.socket.sendall(message(kind, flags, stream, payload, **more))

    def take(self, frame):
        numbers = {name.lower(): value for name, value in frame.headers.items()}
        fields = [numbers.get(name) for name in (":message-type", ":message-flags", ":stream-id")]
        if not all(isinstance(field, int) for field in fields):
            raise Goodbye
        if fields[2] == 0:
            self.take_on_connection(frame)
        else:
            self.take_on_stream(frame, fields[1] & TERMINATE)

    def take_on_connection(self, frame):
        if frame.type == CONNECT and not self.is_connected:
            self.is_connected = self.knows(frame)
            self.send(CONNECT_ACK, ACCEPTED if self.is_connected else 0)
            if self.is_connected:
                return
        elif frame.type == PING and self.is_connected:
            return self.send(PING_RESPONSE, payload=frame.payload)
        elif frame.type == PING_RESPONSE and self.is_connected:
            return
        raise Goodbye

    def knows(self, frame):
        try:
            return frame.headers.get(":version") == "0.1.0" and bool(frame.json["authToken"])
        except (ValueError, KeyError, TypeError):
            return False

    def take_on_stream(self, frame, ends):
        is_known = frame.type in (APPLICATION_MESSAGE, APPLICATION_ERROR) and self.is_connected
        if not is_known or frame.stream <= 0:
            raise Goodbye
        if frame.stream <= self.latest:
            if not ends and frame.stream not in self.open:
                raise Goodbye
            return self.open.discard(frame.stream)
        if frame.stream != self.latest + 1:
            raise Goodbye
        self.latest = frame.stream
        if not ends:
            self.answer(frame)

    def answer(self, frame):
        operation = frame.headers.get("operation", "")
        name = operation[len(NAMESPACE) :] if operation.startswith(NAMESPACE) else ""
        if name not in SERVED:
            text = {"error": "Unsupported Operation", "message": f"{operation} is unsupported"}
            return self.send(APPLICATION_ERROR, TERMINATE, frame.stream, text, content_type=JSON)
        try:
            request = json.loads(frame.payload or b"{}")
            update = request.get("deploymentId")
        except (ValueError, AttributeError):
            body = b"InternalServerError"
            more = {"content_type": "text/plain"}
            return self.send(APPLICATION_ERROR, TERMINATE, frame.stream, body, **more)
        if name == "DeferComponentUpdate":
            return self.refuse(frame.stream, update)
        flags = TERMINATE
        if name == "SubscribeToComponentUpdates":
            flags, self.is_subscribed = 0, True
            self.open.add(frame.stream)
        model = operation + "Response"
        more = {"content_type": JSON, "service_model_type": model}
        self.send(APPLICATION_MESSAGE, flags, frame.stream, {}, **more)

    def refuse(self, stream, update):
        code, text = "ServiceError", "Time limit to respond exceeded"
        if not self.is_subscribed or update is None:
            code, text = "InvalidArgumentsError", "not subscribed, or no deploymentId"
        payload = {"message": text, "_message": text, "_errorCode": code, "_service": "nucleus"}
        more = {"content_type": JSON, "service_model_type": NAMESPACE + code}
        self.send(APPLICATION_ERROR, TERMINATE, stream, payload, **more)
