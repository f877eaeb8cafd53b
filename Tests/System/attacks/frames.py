# SPDX-License-Identifier: Apache-2.0
"""Attacks with costly or broken frames and payloads."""

from attacks.connections import flood
from attacks.hostile import DEFER, SUBSCRIBE, connect, request
from protocol import (
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    INTERNAL_ERROR,
    TERMINATE,
    encode,
    message,
)

WIDE = b"[" + b",".join(
    [b"{" + b",".join(b'"%060d":0' % one for one in range(256)) + b"}"] * 3
) + b"]"  # fmt: skip
PAYLOADS = {
    "wide_objects": (b'{"x":' + WIDE + b"}", "Objects of 256 members, each compared with all."),
    "deep_payloads": (b'{"x":' + b"[" * 30_000, "Arrays in arrays."),
    "long_numbers": (b'{"recheckAfterMs":' + b"9" * 60_000 + b"}", "Numbers of 60,000 digits."),
    "escapes": (b'{"message":"' + rb"\u001b" * 9_000 + b'"}', "Strings of nothing but escapes."),
    "long_strings": (b'{"message":"' + b"x" * 60_000 + b'"}', "Strings of 60 KB."),
    "invalid_utf8": (b'{"message":"' + b"\xff\xc0" * 20_000 + b'"}', "Bytes that are no UTF-8."),
    "many_elements": (b'{"x":[' + b"0," * 30_000 + b"0]}", "Arrays of 30,000 numbers."),
    "combining_characters": (
        b'{"message":"' + ("e" + "\u0301" * 20_000).encode() + b'"}',
        "One character of 40 KB.",
    ),
}

for name, (payload, tries) in PAYLOADS.items():
    flood(name, tries, connect() + b"".join(
        request(one, DEFER, payload) for one in range(1, 20)
    ), connections=50, churns=True)  # fmt: skip
    if name in ("wide_objects", "deep_payloads", "long_strings"):
        flood(f"{name}_before_connect", f"{tries[:-1]}, as CONNECT, by the unknown.",
              message(CONNECT, payload=payload, version="0.1.0"), connections=200,
              churns=True, known=False)  # fmt: skip

HEADERS = {":message-type": APPLICATION_MESSAGE, ":message-flags": 0, ":stream-id": 1}
MANY_HEADERS = HEADERS | {f"h{one}": 0 for one in range(5_000)}


def damaged(frame):
    return frame[:-1] + bytes([frame[-1] ^ 1])


FRAMES = {
    "many_headers": (encode(MANY_HEADERS), "Frames of 5,000 headers."),
    "long_headers": (encode(HEADERS | {"operation": "x" * 60_000}), "Operations of 60 KB."),
    "wrong_checksums": (damaged(request(1, SUBSCRIBE)), "Frames with wrong checksums."),
    "no_frames": (b"\xff" * 5_000, "Bytes that are no frame."),
    "skipped_streams": (request(7, SUBSCRIBE), "Streams out of order."),
    "streams_used_twice": (request(1, SUBSCRIBE) * 50, "One stream, asked again and again."),
    "streams_of_others": (
        b"".join(message(APPLICATION_MESSAGE, TERMINATE, one) for one in range(2, 200)),
        "Ends streams that are not its own.",
    ),
    "errors_with_operations": (
        b"".join(
            message(APPLICATION_ERROR, 0, one, {}, operation=SUBSCRIBE) for one in range(1, 60)
        ),
        "Errors that name an operation.",
    ),
    "a_brokers_messages": (message(CONNECT_ACK, 1), "Sends what only a broker sends."),
    "internal_errors": (message(INTERNAL_ERROR, payload={"message": "x"}), "Reports errors."),
    "second_connects": (connect() * 50, "Connects twice."),
}

for name, (frames, tries) in FRAMES.items():
    flood(name, tries, connect() + frames, connections=20, churns=True)
