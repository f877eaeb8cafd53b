# SPDX-License-Identifier: Apache-2.0
"""A broker with one fault: the real one, behind a proxy that changes frames on their way `up` to it
or `down` to its client.
"""

import contextlib
import json
import pathlib
import socket
import threading
from dataclasses import dataclass
from typing import Callable

from connection import Connection
from eventstream import APPLICATION_ERROR, Decoder, Frame, encode
from protocol import TIMEOUT


@dataclass
class Fault:
    """Each function takes a frame and its link, and returns what is passed on instead."""

    up: Callable = None
    down: Callable = None


class Link:
    """One connection through the proxy, as a fault sees it."""

    def __init__(self, proxy, client, server):
        self.proxy = proxy
        self._ends = {"up": (client, server), "down": (server, client)}
        for direction in self._ends:
            threading.Thread(target=self._relay, args=[direction], daemon=True).start()

    def _relay(self, direction):
        source, target = self._ends[direction]
        change = getattr(self.proxy.fault, direction)
        decoder = Decoder()
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                if change is None:
                    target.sendall(data)
                    continue
                decoder.append(data)
                while frame := decoder.next():
                    self.send(direction, *(change(frame, self) or []))
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

    def close(self):
        for listener in self._listeners:
            listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        for link in self.links:
            link.hang_up()


# What faults are made of


def flags(frame, *, on=0, off=0):
    changed = (frame.flags | on) & ~off
    return Frame({**frame.headers, ":message-flags": changed}, frame.payload)


def saying(frame, value):
    return Frame(frame.headers, json.dumps(value).encode())


def on_type(type, change):
    return lambda frame, link: [change(frame)] if frame.type == type else [frame]


def on_model(end, change):
    """Changes the payload of a model; `change` may edit the value or return another one."""

    def down(frame, link):
        if not frame.model.endswith(end):
            return [frame]
        value = frame.json
        other = change(value)
        return [saying(frame, value if other is None else other)]

    return Fault(down=down)


def in_gates(change):
    return on_model("GateEvents", change)


def codes(mapping):
    def down(frame, link):
        if frame.type != APPLICATION_ERROR:
            return [frame]
        value = frame.json
        code = mapping.get(value["_errorCode"], value["_errorCode"])
        headers = {**frame.headers, "service-model-type": "aws.greengrass#" + code}
        return [saying(Frame(headers), {**value, "_errorCode": code})]

    return Fault(down=down)


def renamed(old, new):
    return lambda value: {new: value[old]} if old in value else None
