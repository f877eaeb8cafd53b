# SPDX-License-Identifier: Apache-2.0
"""Frames of event-stream RPC: bytes to headers and payload, and back. See ../frames.md."""

import json
import struct
import zlib
from dataclasses import dataclass

APPLICATION_MESSAGE, APPLICATION_ERROR, PING, PING_RESPONSE = 0, 1, 2, 3
CONNECT, CONNECT_ACK, PROTOCOL_ERROR, INTERNAL_ERROR = 4, 5, 6, 7
TYPES = (
    "APPLICATION_MESSAGE APPLICATION_ERROR PING PING_RESPONSE "
    "CONNECT CONNECT_ACK PROTOCOL_ERROR INTERNAL_ERROR"
).split()
ACCEPTED, TERMINATE = 1, 2

INT32, STRING = 4, 7
# How many bytes a value has; None where they are counted in front of it.
SIZES = {0: 0, 1: 0, 2: 1, 3: 2, INT32: 4, 5: 8, 6: None, STRING: None, 8: 8, 9: 16}
PRELUDE, SMALLEST, LARGEST = 12, 16, 16 * 1024 * 1024


class FrameError(Exception):
    """Bytes that are no frame."""


@dataclass
class Frame:
    """What stands in one frame. `headers` has int32 as int and strings as str, others as bytes."""

    headers: dict
    payload: bytes = b""

    @property
    def type(self):
        return self.headers.get(":message-type")

    @property
    def flags(self):
        return self.headers.get(":message-flags")

    @property
    def stream(self):
        return self.headers.get(":stream-id")

    @property
    def model(self):
        return self.headers.get("service-model-type", "")

    @property
    def json(self):
        return json.loads(self.payload)

    def __str__(self):
        """For people: which message it is."""
        known = isinstance(self.type, int) and 0 <= self.type < len(TYPES)
        name = TYPES[self.type] if known else f"a message of type {self.type!r}"
        shown = self.payload[:160].decode(errors="replace")
        return f"{name} (stream {self.stream}, flags {self.flags}) {self.model} {shown}".strip()


# Writing


def header(name, value):
    """One header: an int is an int32, a str a string, anything else a (type, bytes) pair."""
    if isinstance(value, int):
        kind, raw = INT32, struct.pack(">i", value)
    elif isinstance(value, str):
        kind, raw = STRING, struct.pack(">H", len(value.encode())) + value.encode()
    else:
        kind, raw = value
    return bytes([len(name.encode())]) + name.encode() + bytes([kind]) + raw


def encode(headers, payload=b""):
    """A frame: prelude, headers, payload, and their checksums."""
    block = b"".join(header(name, value) for name, value in headers.items())
    prelude = struct.pack(">II", SMALLEST + len(block) + len(payload), len(block))
    start = prelude + struct.pack(">I", zlib.crc32(prelude)) + block + payload
    return start + struct.pack(">I", zlib.crc32(start))


def message(type, flags=0, stream=0, payload=b"", **more):
    """A message; other headers by their names with `_` for `-`, and `version` for `:version`."""
    headers = {":message-type": type, ":message-flags": flags, ":stream-id": stream}
    for name, value in more.items():
        name = {"version": ":version", "content_type": ":content-type"}.get(name, name)
        headers[name.replace("_", "-")] = value
    if not isinstance(payload, bytes):
        payload = json.dumps(payload).encode()
    return encode(headers, payload)


# Reading


class Decoder:
    """Finds the frames in a stream of bytes, however the bytes are cut up on their way."""

    def __init__(self, largest=LARGEST):
        self._bytes = b""
        self._largest = largest

    def append(self, data):
        self._bytes += data

    @property
    def has_partial_frame(self):
        return bool(self._bytes)

    def next(self):
        """The next whole frame; None if it needs more bytes. Raises FrameError."""
        if len(self._bytes) < PRELUDE:
            return None
        total, length, checksum = struct.unpack(">III", self._bytes[:PRELUDE])
        if not SMALLEST <= total <= self._largest:
            raise FrameError(f"a frame of {total} bytes")
        if zlib.crc32(self._bytes[:8]) != checksum:
            raise FrameError("the prelude's checksum is wrong")
        if length > total - SMALLEST:
            raise FrameError(f"{length} bytes of headers in a frame of {total}")
        if len(self._bytes) < total:
            return None
        raw, self._bytes = self._bytes[:total], self._bytes[total:]
        if zlib.crc32(raw[:-4]) != struct.unpack(">I", raw[-4:])[0]:
            raise FrameError("the frame's checksum is wrong")
        end = PRELUDE + length
        return Frame(decode_headers(raw[PRELUDE:end]), raw[end:-4])


def decode_headers(block):
    return {name: value for name, _, value in typed_headers(block)}


def typed_headers(block):
    """Each header as its name, its type and its value."""
    headers, position = [], 0
    while position < len(block):
        try:
            name, kind, value, position = _header(block, position)
        except (IndexError, struct.error):
            raise FrameError("a header is cut short") from None
        except UnicodeDecodeError:
            raise FrameError("a header is not UTF-8") from None
        headers.append((name, kind, value))
    return headers


def _header(block, position):
    length = block[position]
    if length == 0:
        raise FrameError("a header without a name")
    raw_name, position = _take(block, position + 1, length)
    kind, position = block[position], position + 1
    if kind not in SIZES:
        raise FrameError(f"a header of type {kind}")
    size = SIZES[kind]
    if size is None:
        (size,), position = struct.unpack_from(">H", block, position), position + 2
    raw, position = _take(block, position, size)
    value = raw
    if kind == INT32:
        (value,) = struct.unpack(">i", raw)
    elif kind == STRING:
        value = raw.decode()
    return raw_name.decode(), kind, value, position


def _take(block, start, length):
    if start + length > len(block):
        raise IndexError
    return block[start : start + length], start + length
