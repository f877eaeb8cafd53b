# SPDX-License-Identifier: Apache-2.0
"""A Greengrass nucleus as `Upstream=` finds it, as strict as the two that there are.

`Lite` and `JavaNucleus` differ as measured: Lite hangs up on what it does not know, leaves out the
flag that ends a stream, and has no component updates; the nucleus in Java wants stream numbers
without gaps, and asks its components itself.
"""

import contextlib
import pathlib
import socket
import threading

from protocol import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    PING,
    TERMINATE,
    TIMEOUT,
    Connection,
    HungUp,
    message,
)

TOKEN = "dG9rZW4gb2YgTGl0"
NAME = "com.example.Camera"


class Served(Connection):
    """A connection from its other end."""

    latest = 0
    name = None

    def check(self, frame):
        pass


class Upstream:
    largest = 10_012
    ends_calls = True
    has_updates = True

    def __init__(self, path, tokens=None, clients=50):
        self.path = pathlib.Path(path)
        self.tokens = {TOKEN: NAME} if tokens is None else tokens
        self.clients = clients
        # What it complains of, which a test expects to be empty.
        self.violations = []
        # The operations that were requested, in their order.
        self.requests = []
        self.answers = []
        self.subscribed = threading.Semaphore(0)
        self.connections = []
        self._topics = []
        self._updates = []
        self._lock = threading.RLock()
        self.start()

    # Its life

    def start(self):
        self._listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.path.unlink(missing_ok=True)
        self._listener.bind(str(self.path))
        self._listener.listen(10)
        self._thread = threading.Thread(target=self._accept, args=[self._listener], daemon=True)
        self._thread.start()

    def _accept(self, listener):
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=[client], daemon=True).start()

    def stop(self):
        """As a crash does: all connections end."""
        if self._listener.fileno() < 0:
            return
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(TIMEOUT)
        with self._lock:
            ended, self.connections = self.connections, []
            self._topics, self._updates = [], []
        for connection in ended:
            self.hang_up(connection)
        self.path.unlink(missing_ok=True)

    @staticmethod
    def hang_up(connection):
        try:
            connection.socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    # A connection

    def _serve(self, client):
        connection = Served(client)
        try:
            if self._is_full() or not self._greet(connection):
                return
            with self._lock:
                self.connections.append(connection)
            while True:
                self._handle(connection, self._next(connection, 3600))
        except (HungUp, OSError):
            pass
        finally:
            with self._lock:
                if connection in self.connections:
                    self.connections.remove(connection)
                self._topics = [one for one in self._topics if one[0] is not connection]
                self._updates = [one for one in self._updates if one[0] is not connection]
            client.close()

    def _is_full(self):
        with self._lock:
            return len(self.connections) >= self.clients

    def _next(self, connection, timeout=TIMEOUT):
        return connection.next_frame(timeout)

    def _greet(self, connection):
        frame = self._next(connection)
        if (frame.type, frame.stream) != (CONNECT, 0):
            self.violations.append(f"not CONNECT: {frame}")
            return False
        connection.name = self.tokens.get(frame.json.get("authToken"))
        return self.answer_connect(connection)

    def answer_connect(self, connection):
        if connection.name is not None:
            connection.send(message(CONNECT_ACK, ACCEPTED))
            return True
        return self.refuse(connection)

    def _handle(self, connection, frame):
        if frame.type != APPLICATION_MESSAGE:
            self.violations.append(f"no request: {frame}")
            raise HungUp
        operation = frame.headers.get("operation", "")
        if frame.flags & TERMINATE:
            return self._end(connection, frame.stream)
        self.check_stream(connection, frame)
        connection.latest = frame.stream
        operation = operation.split("#")[-1]
        self.requests.append(operation)
        handler = getattr(self, "do_" + operation, None)
        if handler is None:
            return self.fail(connection, frame.stream, "ServiceError")
        handler(connection, frame)

    def check_stream(self, connection, frame):
        pass

    def _end(self, connection, stream):
        with self._lock:
            gone = [(connection, stream)]
            self._topics = [one for one in self._topics if list(one[:2]) != list(gone[0])]
            self._updates = [one for one in self._updates if one != gone[0]]

    def respond(self, connection, stream, operation, payload, is_call=True):
        flags = TERMINATE if is_call and self.ends_calls else 0
        self._say(connection, flags, stream, operation + "Response", payload)

    def _say(self, connection, flags, stream, model, payload):
        more = {"content_type": "application/json", "service_model_type": "aws.greengrass#" + model}
        with self._lock:
            connection.send(message(APPLICATION_MESSAGE, flags, stream, payload, **more))

    def fail(self, connection, stream, code, text=""):
        payload = {"_message": text, "_errorCode": code}
        more = {"content_type": "application/json", "service_model_type": "aws.greengrass#" + code}
        with self._lock:
            connection.send(message(APPLICATION_ERROR, TERMINATE, stream, payload, **more))

    # Operations

    def do_UpdateState(self, connection, frame):
        self.respond(connection, frame.stream, "UpdateState", {})

    def do_GetConfiguration(self, connection, frame):
        answer = {"componentName": connection.name, "value": {"interval": 5}}
        self.respond(connection, frame.stream, "GetConfiguration", answer)

    def do_SubscribeToTopic(self, connection, frame):
        with self._lock:
            self._topics.append((connection, frame.stream, frame.json["topic"]))
        self.respond(connection, frame.stream, "SubscribeToTopic", {}, is_call=False)

    def do_PublishToTopic(self, connection, frame):
        published = frame.json
        self.respond(connection, frame.stream, "PublishToTopic", {})
        with self._lock:
            told = [one for one in self._topics if one[2] == published["topic"]]
        for other, stream, _ in told:
            event = published["publishMessage"]
            self._say(other, 0, stream, "SubscriptionResponseMessage", event)


class Lite(Upstream):
    """Greengrass Lite: one thread, no patience, no component updates."""

    ends_calls = False
    has_updates = False

    def refuse(self, connection):
        return False

    def _next(self, connection, timeout=TIMEOUT):
        frame = super()._next(connection, timeout)
        kinds = {type(value) for value in frame.headers.values()}
        size = 16 + sum(
            2 + len(name) + (4 if isinstance(value, int) else 2 + len(value))
            for name, value in frame.headers.items()
        ) + len(frame.payload)  # fmt: skip
        if frame.type == PING or not kinds <= {int, str} or size > self.largest:
            self.violations.append(f"Lite hangs up: {frame.type} of {size} bytes, {kinds}")
            raise HungUp
        return frame


class JavaNucleus(Upstream):
    """The nucleus in Java: it asks its components itself."""

    largest = 24 * 1024 * 1024

    def refuse(self, connection):
        connection.send(message(CONNECT_ACK))
        return False

    def check_stream(self, connection, frame):
        if frame.stream != connection.latest + 1:
            self.violations.append(f"stream {frame.stream} after {connection.latest}")
            raise HungUp

    def do_SubscribeToComponentUpdates(self, connection, frame):
        with self._lock:
            self._updates.append((connection, frame.stream))
        self.respond(connection, frame.stream, "SubscribeToComponentUpdates", {}, is_call=False)
        self.subscribed.release()

    def do_DeferComponentUpdate(self, connection, frame):
        self.answers.append(frame.json)
        self.respond(connection, frame.stream, "DeferComponentUpdate", {})

    def announce(self, deployment):
        self._tell({"preUpdateEvent": {"deploymentId": deployment, "isGgcRestarting": False}})

    def complete(self, deployment):
        self._tell({"postUpdateEvent": {"deploymentId": deployment}})

    def _tell(self, event):
        with self._lock:
            for connection, stream in self._updates:
                self._say(connection, 0, stream, "ComponentUpdatePolicyEvents", event)


@contextlib.contextmanager
def nucleus_in(directory, kind):
    """One that listens until the `with` ends, and was told nothing that it must not be told."""
    upstream = kind(f"{directory}/nucleus.socket")
    yield upstream
    upstream.stop()
    assert upstream.violations == []
