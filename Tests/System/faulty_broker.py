# SPDX-License-Identifier: Apache-2.0
"""A broker with one fault: the real one, behind a proxy that changes what passes."""

import contextlib
import pathlib
import socket
import threading

from connection import Connection
from eventstream import SMALLEST, Decoder, encode
from protocol import TIMEOUT


class Link:
    """One connection through the proxy, as a fault sees it.

    `seen` is for what a fault remembers of this connection, that of `proxy` for all of them.
    """

    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self.seen = set()
        self._ends = {"up": (client, server), "down": (server, client)}
        for direction in self._ends:
            threading.Thread(target=self._relay, args=[direction], daemon=True).start()

    def _relay(self, direction):
        source, target = self._ends[direction]
        change = getattr(self.proxy.fault, direction, None)
        decoder = Decoder()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if direction == "up" and getattr(self.proxy.fault, "needs_whole_pieces", False):
                    if len(data) < SMALLEST:
                        break
                if change is None:
                    target.sendall(data)
                    continue
                decoder.append(data)
                while frame := decoder.next():
                    self.send(direction, *(change(frame, self) or []))
        if not getattr(self.proxy.fault, "never_hangs_up", False):
            self.hang_up()

    def send(self, direction, *frames):
        for frame in frames:
            with contextlib.suppress(OSError):
                self._ends[direction][1].sendall(encode(frame.headers, frame.payload))

    def hang_up(self):
        for end in self._ends["up"]:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


class FaultyBroker:
    """Two sockets in a directory, which lead to those of a daemon."""

    def __init__(self, daemon, fault):
        self.fault = fault
        self.seen = set()
        self.links = []
        folder = pathlib.Path(daemon.directory)
        self.component_socket = folder / "faulty.socket"
        self.control_socket = folder / "faulty-control.socket"
        self._listeners = [
            self._listen(self.component_socket, daemon.component_socket, Connection.open),
            # The broker never asks the process that coordinates, so that is another one.
            self._listen(self.control_socket, daemon.control_socket, Connection.open_elsewhere),
        ]

    def _listen(self, path, real, connect):
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        listener.listen()
        threading.Thread(target=self._accept, args=[listener, real, connect], daemon=True).start()
        return listener

    def _accept(self, listener, real, connect):
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                self.links.append(Link(self, client, connect(real, TIMEOUT).socket))
                if getattr(self.fault, "hangs_up_at_once", False):
                    self.links[-1].hang_up()

    def close(self):
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for link in self.links:
            link.hang_up()
