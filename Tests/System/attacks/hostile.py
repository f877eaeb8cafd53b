# SPDX-License-Identifier: Apache-2.0
"""What an attacker's process has: frames made in advance, and sockets that never block."""

import contextlib
import os
import socket
import time

from protocol import APPLICATION_MESSAGE, CONNECT, message

SUBSCRIBE = "aws.greengrass#SubscribeToComponentUpdates"
DEFER = "aws.greengrass#DeferComponentUpdate"


def connect(claim="com.example.Hostile", **payload):
    return message(CONNECT, payload={"componentName": claim} | payload, version="0.1.0")


def request(stream, operation, payload=None, flags=0):
    payload = {} if payload is None else payload
    return message(APPLICATION_MESSAGE, flags, stream, payload, operation=operation)


def subscribe(stream=1, **payload):
    return request(stream, SUBSCRIBE, payload)


def defer(stream, deployment, milliseconds, **payload):
    payload = {"deploymentId": deployment, "recheckAfterMs": milliseconds} | payload
    return request(stream, DEFER, payload)


class Stream:
    """One connection, and the bytes that it has yet to send."""

    def __init__(self, path, data):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.setblocking(False)
        self.rest = memoryview(data)
        try:
            self.socket.connect(path)
        except BaseException:
            self.socket.close()
            raise

    def send(self, piece=1 << 18):
        """Sends what the socket takes. False once the connection is over."""
        try:
            self.rest = self.rest[self.socket.send(self.rest[:piece]) :]
        except BlockingIOError:
            pass
        except OSError:
            return False
        return True

    def read(self):
        """What has arrived; None once the connection is over."""
        try:
            return self.socket.recv(65536) or None
        except BlockingIOError:
            return b""
        except OSError:
            return None


class Hostile:
    """An attacker's process, with the daemon's sockets and the time that the attack has."""

    def __init__(self, daemon, user, end):
        self.path, self.control = str(daemon.component_socket), str(daemon.control_socket)
        self.directory, self.daemon = str(daemon.directory), daemon.process.pid
        self.user, self.end = user, end
        # Connections that it has made, and those of them that the daemon has closed.
        self.opened = self.closed = 0

    def on(self):
        """Whether the attack goes on."""
        return time.monotonic() < self.end

    def rest(self):
        """Holds what it has until the attack is over."""
        time.sleep(max(0, self.end - time.monotonic()))

    def open(self, data=b""):
        """A connection, or None where there is none to be had."""
        with contextlib.suppress(OSError):
            stream = Stream(self.path, data)
            self.opened += 1
            return stream
        return None

    def flood(self, data, connections=1, reads=True, again=b"", churns=False, piece=1 << 18):
        """Sends `data` over each of several connections, then `again` for as long as it goes on.

        `data` may be a function of the connection's number. A connection that the daemon closes is
        made again, and with `churns` also one that has sent all.
        """
        make = data if callable(data) else lambda number: data
        streams, made = [], 0
        while self.on():
            if len(streams) < connections:
                stream = self.open(make(made))
                made += 1
                if stream:
                    streams.append(stream)
                elif not streams:
                    time.sleep(0.001)
            moved = [one for one in streams if self._advance(one, reads, again, churns, piece)]
            if len(moved) == len(streams) == connections and not any(one.rest for one in moved):
                time.sleep(0.001)
            streams = moved

    def _advance(self, stream, reads, again, churns, piece):
        is_open = stream.send(piece) if stream.rest else True
        if reads and is_open:
            is_open = stream.read() is not None
        if not stream.rest and again:
            stream.rest = memoryview(again)
        self.closed += not is_open
        if is_open and not (churns and not stream.rest):
            return True
        stream.socket.close()
        return False

    def gather(self, data, connections):
        """That many connections, each of which has sent its bytes. Fewer, if time is over."""
        make = data if callable(data) else lambda number: data
        streams = []
        while self.on() and len(streams) < connections:
            stream = self.open(make(len(streams)))
            if stream is None:
                time.sleep(0.001)
                continue
            while stream.rest and self.on() and stream.send():
                stream.read()
            streams.append(stream)
        return streams

    def child(self, run):
        """Runs a function in a process of its own, which ends with this one's."""
        process = os.fork()
        if process == 0:
            try:
                run()
            finally:
                os._exit(0)
        return process
