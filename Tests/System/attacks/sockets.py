# SPDX-License-Identifier: Apache-2.0
"""Attacks with what else a socket can do, and with who is at its other end."""

import contextlib
import ctypes
import os
import socket
import time

from attacks.attack import attack
from attacks.connections import flood
from attacks.hostile import connect, subscribe
from protocol import PING, message

# CLONE_NEWUSER and CLONE_NEWPID.
NAMESPACES = 0x10000000 | 0x20000000
MANY_GROUPS = 65_536

flood("many_groups", "Belongs to 65,536 groups, and is denied over and over.", connect(),
      churns=True, connections=50, known=False, groups=MANY_GROUPS)  # fmt: skip


def bytewise(hostile, flags=0):
    """Sends bytes that are no frame, each in a write of its own, over 60 connections."""
    streams = hostile.gather(connect() + subscribe(), 60)
    while hostile.on():
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.socket.send(b"x", flags)


@attack()
def no_frames_byte_by_byte(hostile):
    """Sends bytes that are no frame, each in a write of its own."""
    bytewise(hostile)


@attack()
def out_of_band(hostile):
    """Sends bytes out of band."""
    bytewise(hostile, socket.MSG_OOB)


@attack()
def read_byte_by_byte(hostile):
    """Reads the answers to long pings byte by byte."""
    pings = message(PING, payload=b"x" * 8_000) * 30
    streams = hostile.gather(connect() + pings, 60)
    while hostile.on():
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.socket.recv(1)


@attack()
def closed_for_writing(hostile):
    """Closes one direction after it has subscribed, and goes on reading."""
    while hostile.on():
        streams = hostile.gather(connect() + subscribe(), 50)
        for stream in streams:
            with contextlib.suppress(OSError):
                stream.socket.shutdown(socket.SHUT_WR)
        time.sleep(0.01)
        for stream in streams:
            stream.read()
            stream.socket.close()


@attack()
def closed_for_reading(hostile):
    """Closes one direction after it has subscribed, and goes on sending."""
    streams = hostile.gather(connect() + subscribe(), 60)
    for stream in streams:
        with contextlib.suppress(OSError):
            stream.socket.shutdown(socket.SHUT_RD)
    while hostile.on():
        for stream in streams:
            stream.rest = memoryview(message(PING) * 50)
            stream.send()
        time.sleep(0.001)


@attack()
def processes_that_have_ended(hostile):
    """Connects from processes that end at once."""
    while hostile.on():
        os.waitpid(hostile.child(lambda: hostile.gather(connect(), 30)), 0)


@attack(known=False)
def containers(hostile):
    """Connects from user and PID namespaces of its own."""
    library = ctypes.CDLL(None)

    def run():
        library.unshare(NAMESPACES)
        process = os.fork()
        if process == 0:
            hostile.flood(connect(), churns=True, connections=10)
            os._exit(0)
        os.waitpid(process, 0)

    for process in [hostile.child(run) for _ in range(4)]:
        os.waitpid(process, 0)
