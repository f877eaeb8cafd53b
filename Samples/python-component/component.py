#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A component in plain Python: a robot that is busy for some seconds, and says so.

    component.py [NAME [SECONDS]]

The environment says where the broker is and who we are, as Greengrass has it:
AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT, and SVCUID unless NAME is given.
"""

import json
import os
import socket
import struct
import sys
import time
import zlib

SOCKET = os.environ.get(
    "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT", "/run/reprieve/ipc.socket"
)
NAME = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("SVCUID", "com.example.Robot")
BUSY_UNTIL = time.monotonic() + (float(sys.argv[2]) if len(sys.argv) > 2 else 0)

# A frame is: total length, length of the headers, checksum of these two, headers, payload,
# checksum of all. A header is: length of its name, name, type, value. Two types are enough.
INT32, STRING = 4, 7
REQUEST, PING, CONNECT, CONNECT_ACK = 0, 2, 4, 5
TERMINATE = 2  # a flag: the stream ends
SUBSCRIPTION = 1  # our first stream; they are numbered from 1


def say(text):
    print(f"[{NAME}] {text}", flush=True)


def header(name, value):
    start = bytes([len(name)]) + name.encode()
    if isinstance(value, int):
        return start + struct.pack(">Bi", INT32, value)
    return start + struct.pack(">BH", STRING, len(value)) + value.encode()


def send(connection, type, stream, body, **more):
    headers = {":message-type": type, ":message-flags": 0, ":stream-id": stream} | more
    block = b"".join(header(name, value) for name, value in headers.items())
    payload = json.dumps(body).encode()
    frame = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    frame += struct.pack(">I", zlib.crc32(frame)) + block + payload
    connection.sendall(frame + struct.pack(">I", zlib.crc32(frame)))


def read(connection, count):
    data = b""
    while len(data) < count:
        piece = connection.recv(count - len(data))
        if not piece:
            raise ConnectionError("the broker hung up")
        data += piece
    return data


def receive(connection):
    """The next frame as its headers and its payload."""
    prelude = read(connection, 12)
    total, length, _ = struct.unpack(">III", prelude)
    rest = read(connection, total - 12)
    if zlib.crc32(prelude + rest[:-4]) != struct.unpack(">I", rest[-4:])[0]:
        raise ConnectionError("a damaged frame")
    headers, block = {}, rest[:length]
    while block:
        end = 1 + block[0]
        name, type = block[1:end].decode(), block[end]
        if type == INT32:
            headers[name] = struct.unpack_from(">i", block, end + 1)[0]
            block = block[end + 5 :]
        elif type == STRING:
            size = struct.unpack_from(">H", block, end + 1)[0]
            headers[name] = block[end + 3 : end + 3 + size].decode()
            block = block[end + 3 + size :]
        else:
            raise ConnectionError(f"a header of type {type}")
    return headers, rest[length:-4]


def answer(notice):
    """What we say to an update: the milliseconds after which to ask again, and why."""
    left = BUSY_UNTIL - time.monotonic()
    if left > 0:
        say(f"an update wants to start: not now, I am welding for {left:.0f} s more")
        return {"recheckAfterMs": int(left * 1000) + 1, "message": "welding"}
    say("an update wants to start: I am ready")
    return {"recheckAfterMs": 0}


def run():
    """One connection, until it breaks."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.connect(SOCKET)
        send(connection, CONNECT, 0, {"authToken": NAME}, **{":version": "0.1.0"})
        headers, _ = receive(connection)
        if headers[":message-type"] != CONNECT_ACK or headers[":message-flags"] & 1 == 0:
            raise PermissionError("the broker does not let us in")
        operation = "aws.greengrass#SubscribeToComponentUpdates"
        send(connection, REQUEST, SUBSCRIPTION, {}, operation=operation)
        stream = SUBSCRIPTION
        while True:
            headers, payload = receive(connection)
            if headers[":message-type"] == PING:
                continue
            if headers[":message-type"] != REQUEST:
                say(f"the broker answers: {payload.decode()}")
                if headers[":stream-id"] in (0, SUBSCRIPTION):
                    raise ConnectionError("the subscription ended")
                continue
            message = json.loads(payload or b"{}")
            if headers[":stream-id"] != SUBSCRIPTION:
                continue  # our answer has arrived
            if headers[":message-flags"] & TERMINATE:
                raise ConnectionError("the subscription ended")
            if not message:
                say("waiting for updates")
            if notice := message.get("preUpdateEvent"):
                stream += 1
                body = answer(notice) | {"deploymentId": notice["deploymentId"]}
                operation = "aws.greengrass#DeferComponentUpdate"
                send(connection, REQUEST, stream, body, operation=operation)
            if post := message.get("postUpdateEvent"):
                say(f"the update is over: {post.get('outcome', 'done')}")


try:
    while True:
        try:
            run()
        except OSError as error:
            # A component works on without a broker, and subscribes again when there is one.
            say(f"{error}; trying again in a second")
            time.sleep(1)
except KeyboardInterrupt:
    pass
