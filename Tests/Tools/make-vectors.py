#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the vectors that are made, not captured: Protocol/vectors/client-frames.json and
messages.json. A test compares what stands there with what this would write.
"""

import json
import pathlib
import struct
import sys

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / "Protocol/conformance"))

import client_vectors
import schema
from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    PING,
    PING_RESPONSE,
    PROTOCOL_ERROR,
    TERMINATE,
    encode,
    message,
    typed_headers,
)

KINDS = dict(enumerate("true false byte int16 int32 int64 bytes string timestamp uuid".split()))


# A frame for each example of each schema


def model_headers(name, title):
    model = title.replace("…", "Service")
    headers = {":content-type": "application/json", "service-model-type": model}
    is_last = name.endswith("Response") and not name.startswith(("Subscribe", "Gate", "Watch"))
    kind = APPLICATION_ERROR if name == "Error" else APPLICATION_MESSAGE
    flags = TERMINATE if is_last or name == "Error" else 0
    headers.update({":message-type": kind, ":message-flags": flags, ":stream-id": 1})
    if name.endswith("Request"):
        headers["operation"] = model[: -len("Request")]
    return headers


def frame_of(name, title, value):
    payload = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    if name == "Connect":
        return message(CONNECT, payload=payload, version="0.1.0")
    if name == "Complaint":
        return message(PROTOCOL_ERROR, payload=payload, content_type="application/json")
    headers = model_headers(name, title)
    if name == "Error":
        headers["service-model-type"] = "aws.greengrass#" + value["_errorCode"]
    if name == "GateEvents" and "progress" not in value:
        headers[":message-flags"] = TERMINATE
    return encode(headers, payload)


def decoded(frame, payload):
    length = struct.unpack(">I", frame[4:8])[0]
    headers = [
        {"name": name, "type": KINDS[kind], "value": value}
        for name, kind, value in typed_headers(frame[12 : 12 + length])
    ]
    return {"headers": headers, "payload": payload}


def messages():
    for name in schema.names():
        document = schema.load(name)
        for number, value in enumerate(document["examples"], 1):
            frame = frame_of(name, document["title"], value)
            vector = {"label": f"{name} {number}", "schema": name, "hex": frame.hex()}
            yield {**vector, "decoded": decoded(frame, value)}
    for kind, flags, label in [
        (CONNECT_ACK, ACCEPTED, "CONNECT_ACK accepted"),
        (CONNECT_ACK, 0, "CONNECT_ACK denied"),
        (PING, 0, "PING"),
        (PING_RESPONSE, 0, "PING_RESPONSE"),
        (APPLICATION_MESSAGE, TERMINATE, "the end of a stream"),
    ]:
        frame = message(kind, flags, 1 if kind == APPLICATION_MESSAGE else 0)
        yield {"label": label, "hex": frame.hex(), "decoded": decoded(frame, "")}


def texts():
    """What each file should hold, one vector a line."""
    for name, vectors in [
        ("client-frames", client_vectors.client_vectors()),
        ("messages", list(messages())),
    ]:
        lines = [json.dumps(vector, ensure_ascii=False) for vector in vectors]
        yield TOP / f"Protocol/vectors/{name}.json", "[\n" + ",\n".join(lines) + "\n]\n"


if __name__ == "__main__":
    for path, text in texts():
        path.write_text(text)
