#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A component in plain Python: a robot that is busy for some seconds, and says so.

    Samples/python-component/component.py [NAME [SECONDS]]

The environment says where the broker is and who we are, as Greengrass has it:
AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT, and SVCUID, which is NAME if it is not set.
To make it yours, change what `answer` says, and what becomes of the post event in `run`.
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
NAME = sys.argv[1] if len(sys.argv) > 1 else "com.example.Robot"
TOKEN = os.environ.get("SVCUID", NAME)  # not to be shown: it may be a secret
BUSY_UNTIL = time.monotonic() + (float(sys.argv[2]) if len(sys.argv) > 2 else 0)

# A frame is: total length, length of the headers, checksum of these two, headers, payload,
# checksum of all. A header is: length of its name, name, type, value. We need two of the types.
INT32, BYTES, STRING = 4, 6, 7
SIZES = {0: 0, 1: 0, 2: 1, 3: 2, INT32: 4, 5: 8, 8: 8, 9: 16}  # of the types that say no length
LARGEST_FRAME = 16384  # the broker keeps below 8 KiB
MESSAGE, ERROR, PING, PING_RESPONSE, CONNECT, CONNECT_ACK, PROTOCOL_ERROR, INTERNAL_ERROR = range(8)
TERMINATE = 2  # a flag: the stream ends
SUBSCRIPTION = 1  # our first stream; they are numbered from 1


def say(text):
    print(f"[{NAME}] {text}", flush=True)


def header(name, value):
    start = bytes([len(name)]) + name.encode()
    if isinstance(value, int):
        return start + struct.pack(">Bi", INT32, value)
    return start + struct.pack(">BH", STRING, len(value)) + value.encode()


def send(connection, type, stream, payload, **more):
    headers = {":message-type": type, ":message-flags": 0, ":stream-id": stream} | more
    block = b"".join(header(name, value) for name, value in headers.items())
    frame = struct.pack(">II", 16 + len(block) + len(payload), len(block))
    frame += struct.pack(">I", zlib.crc32(frame)) + block + payload
    connection.sendall(frame + struct.pack(">I", zlib.crc32(frame)))


def encoded(**members):
    return json.dumps(members).encode()


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
    total, length, checksum = struct.unpack(">III", prelude)
    if zlib.crc32(prelude[:8]) != checksum or not 16 + length <= total <= LARGEST_FRAME:
        raise ConnectionError("a damaged frame")
    rest = read(connection, total - 12)
    if zlib.crc32(prelude + rest[:-4]) != struct.unpack(">I", rest[-4:])[0]:
        raise ConnectionError("a damaged frame")
    headers, block = {}, rest[:length]
    try:
        while block:
            end = 1 + block[0]
            name, type, block = block[1:end].decode(), block[end], block[end + 1 :]
            if type in (BYTES, STRING):
                size, block = struct.unpack_from(">H", block)[0], block[2:]
            else:
                size = SIZES[type]
            if size > len(block):
                raise ValueError("a header that is cut short")
            if type == INT32:
                headers[name] = struct.unpack_from(">i", block)[0]
            block = block[size:]
    except (LookupError, ValueError, struct.error) as error:
        raise ConnectionError(f"a damaged header: {error}") from None
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
        send(connection, CONNECT, 0, encoded(authToken=TOKEN), **{":version": "0.1.0"})
        headers, _ = receive(connection)
        if headers.get(":message-type") != CONNECT_ACK or not headers.get(":message-flags", 0) & 1:
            raise PermissionError("the broker does not let us in")
        operation = "aws.greengrass#SubscribeToComponentUpdates"
        send(connection, MESSAGE, SUBSCRIPTION, b"{}", operation=operation)
        latest = SUBSCRIPTION
        while True:
            headers, payload = receive(connection)
            type, stream = headers.get(":message-type"), headers.get(":stream-id")
            if type == PING:
                send(connection, PING_RESPONSE, 0, payload)
            if type in (ERROR, PROTOCOL_ERROR, INTERNAL_ERROR):
                say(f"the broker answers: {payload.decode(errors='replace')}")
                if type != ERROR or stream == SUBSCRIPTION:
                    raise ConnectionError("the subscription ended")
            if type != MESSAGE or stream != SUBSCRIPTION:
                continue  # that our answer has arrived, or nothing to us
            message = json.loads(payload or b"{}")
            if headers.get(":message-flags", 0) & TERMINATE:
                raise ConnectionError("the subscription ended")
            if not message:
                say("waiting for updates")
            if notice := message.get("preUpdateEvent"):
                latest += 1
                body = encoded(deploymentId=notice["deploymentId"], **answer(notice))
                operation = "aws.greengrass#DeferComponentUpdate"
                send(connection, MESSAGE, latest, body, operation=operation)
            if post := message.get("postUpdateEvent"):
                say(f"the update is over: {post.get('outcome', 'done')}")


try:
    while True:
        try:
            run()
        except (OSError, ValueError, LookupError) as error:
            # A component works on without a broker, and subscribes again when there is one.
            say(f"{error}; trying again in a second")
            time.sleep(1)
except KeyboardInterrupt:
    pass
