# SPDX-License-Identifier: Apache-2.0
"""The vectors of what a client might send, and should not: see make-vectors.py."""

import json
import struct
import zlib

from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    INTERNAL_ERROR,
    PING,
    PING_RESPONSE,
    PROTOCOL_ERROR,
    TERMINATE,
    TYPES,
    encode,
    message,
)

CALL, DEFER = "aws.greengrass#UpdateState", "aws.greengrass#DeferComponentUpdate"
SUBSCRIBE = "aws.greengrass#SubscribeToComponentUpdates"
HEADERS = {":message-type": 0, ":message-flags": 0, ":stream-id": 1, "operation": CALL}
GOOD = encode(HEADERS, b"{}")
CLAIM = {"authToken": "com.example.Vectors"}


def request(stream=1, payload=b"{}", operation=CALL, flags=0, type=APPLICATION_MESSAGE):
    return message(type, flags, stream, payload, operation=operation)


def prelude(total, headers_length, checksum=None):
    start = struct.pack(">II", total, headers_length)
    return start + struct.pack(">I", zlib.crc32(start) if checksum is None else checksum)


def sealed(start):
    return start + struct.pack(">I", zlib.crc32(start))


def damaged(frame, position):
    return frame[:position] + bytes([frame[position] ^ 1]) + frame[position + 1 :]


def without(name):
    return encode({key: value for key, value in HEADERS.items() if key != name}, b"{}")


def having(more, payload=b"{}"):
    return encode({**HEADERS, **more}, payload)


class Vectors:
    def __init__(self):
        self.list = []

    def add(self, name, rule, sent, reaction, connected=True, before=(), streams=1, **more):
        """`streams` is how many have been opened when all is over."""
        vector = {"name": name, "rule": rule, "connected": connected}
        vector.update(before=[one.hex() for one in before], hex=sent.hex(), reaction=reaction)
        if reaction in ("ended", "refused"):
            vector["says"] = ""
        vector["streams"] = streams
        self.list.append({**vector, **more})

    def no_frame(self, name, error, sent, says, **more):
        rule = "bytes that are no frame end the connection"
        self.add(name, rule, sent, "ended", says=says, frame=error, **more)

    def beyond_limit(self, name, error, sent, says):
        """The limit is Reprieve's own."""
        self.no_frame(name, error, sent, says, ours=True)

    def out_of_place(self, name, sent, says, rule, **more):
        self.add(name, rule, sent, "ended", says=says, **more)

    def bad_payload(self, name, payload, says):
        rule = "a payload that makes no sense is an InvalidArgumentsError, on its stream only"
        frame = request(payload=payload, operation=DEFER)
        self.add(name, rule, frame, "refused", code="InvalidArgumentsError", says=says)

    def taken(self, name, rule, sent, **more):
        self.add(name, rule, sent, "answered", answer=[APPLICATION_MESSAGE, TERMINATE, 1], **more)


def no_frames(vectors):
    add = vectors.no_frame
    add("frame-too-short", "tooShort", prelude(15, 0) + b"123", "the minimum is 16")
    add("frame-of-no-bytes", "tooShort", prelude(0, 0) + b"1234", "the minimum is 16")
    long_frame = prelude(64 * 1024 + 1, 0)
    vectors.beyond_limit("frame-too-long", "tooLong", long_frame, "the maximum is 65536")
    first = prelude(16 * 1024 + 1, 0)
    rule = "the first frame is a small one"
    more = {"says": "the maximum is 16384", "frame": "tooLong", "connected": False, "ours": True}
    vectors.add("connect-too-long", rule, first, "ended", **more)
    add("frame-of-4-gib", "tooLong", prelude(2**32 - 1, 0), "the maximum is 65536")
    add("prelude-checksum", "preludeChecksum", prelude(16, 0, 1) + b"1234", "checksum")
    add("prelude-damaged", "preludeChecksum", damaged(GOOD, 5), "checksum")
    add("frame-checksum", "messageChecksum", damaged(GOOD, len(GOOD) - 1), "checksum")
    add("payload-damaged", "messageChecksum", damaged(GOOD, len(GOOD) - 5), "checksum")
    add("headers-too-long", "headersTooLong", sealed(prelude(20, 5) + b"1234"), "do not fit")
    add("headers-of-4-gib", "headersTooLong", prelude(20, 2**32 - 1) + b"12345678", "do not fit")
    add("header-of-unknown-type", "unknownHeaderType", having({"odd": (10, b"")}), "type 10")
    add("header-truncated", "truncatedHeader", having({"odd": (7, b"\0\xff")}), "cut short")
    add("header-without-value", "truncatedHeader", having({"odd": (8, b"123")}), "cut short")
    add("header-without-name", "unnamedHeader", having({"": 1}), "without a name")
    add("header-not-utf8", "invalidUTF8", having({"odd": (7, b"\0\1\xff")}), "not UTF-8")
    long_value = (7, struct.pack(">H", 32_768) + b"x" * 32_768)
    long_header = having({"odd": long_value})
    vectors.beyond_limit("header-value-too-long", "headerValueTooLong", long_header, "32767")
    many = {f"h{number}": 1 for number in range(29)}
    vectors.beyond_limit("too-many-headers", "tooManyHeaders", having(many), "more than 32 headers")
    http = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"
    add("another-protocol", "tooLong", http, "the maximum is 65536")


def out_of_place(vectors):
    add = vectors.out_of_place
    rule = "each message has int32 headers :message-type, :message-flags and :stream-id"
    for name in (":message-type", ":message-flags", ":stream-id"):
        add("no-" + name[1:], without(name), name, rule)
    add("stream-id-as-text", having({":stream-id": "1"}), ":stream-id", rule)
    add("stream-id-of-8-bytes", having({":stream-id": (5, bytes(7) + b"\1")}), ":stream-id", rule)
    add("unknown-message-type", message(8), "message type 8", "there are message types 0 to 7")
    add("negative-message-type", message(-1), "message type -1", "there are message types 0 to 7")
    rule = "streams are numbered 1, 2, 3 ..., without gaps"
    add("request-on-stream-0", request(0), "stream 0", rule)
    add("request-on-a-negative-stream", request(-1), "stream -1", rule)
    add("stream-skipped", request(2), "stream 2 where 1 comes next", rule)
    add("last-stream-of-all", request(2**31 - 1), "where 1 comes next", rule)
    add("stream-skipped-later", request(3), "stream 3 where 2 comes next", rule, before=[GOOD])
    add("stream-used-again", request(1), "stream 1 is closed", rule, before=[GOOD])
    both = [request(1), request(2)]
    add("stream-decreases", request(1), "stream 1 is closed", rule, before=both, streams=2)
    connect = message(CONNECT, payload=CLAIM, version="0.1.0")
    rule = "CONNECT is the first message, and the only one"
    add("second-connect", connect, "a second CONNECT", rule)
    for name, sent in {
        "request-before-connect": GOOD,
        "ping-before-connect": message(PING),
        "connect-on-a-stream": message(CONNECT, 0, 1, CLAIM, version="0.1.0"),
    }.items():
        add(name, sent, "the first message is not CONNECT", rule, connected=False)
    rule = "CONNECT_ACK is the broker's to send"
    add("connect-ack-of-a-client", message(CONNECT_ACK, ACCEPTED), "CONNECT_ACK", rule)
    rule = "message types 2 to 7 are on stream 0"
    add("ping-on-a-stream", message(PING, 0, 1), "stream 1", rule)
    add("ping-that-ends-a-stream", message(PING, TERMINATE, 1), "stream 1", rule)
    protocol_error = message(PROTOCOL_ERROR, 0, 1, operation=CALL)
    add("protocol-error-on-a-stream", protocol_error, "stream 1", rule)
    rule = "a request opens a stream, and no other message does"
    error = request(type=APPLICATION_ERROR)
    add("error-that-opens-a-stream", error, "an error on stream 1", rule, ours=True)
    error = request(type=APPLICATION_ERROR, flags=TERMINATE)
    add("error-that-opens-and-ends-a-stream", error, "an error on stream 1", rule, ours=True)
    rule = "PROTOCOL_ERROR and INTERNAL_ERROR end the connection"
    for kind in (PROTOCOL_ERROR, INTERNAL_ERROR):
        sent = message(kind, payload={"message": "that was none"})
        name = TYPES[kind].lower().replace("_", "-") + "-of-a-client"
        vectors.add(name, rule, sent, "ended", says=None)


def handshakes(vectors):
    rule = "a CONNECT that makes no sense is denied, by a CONNECT_ACK without flag 1"
    good = json.dumps(CLAIM).encode()
    for name, version, payload in [
        ("connect-of-another-version", "0.2.0", good),
        ("connect-without-a-version", None, good),
        ("connect-of-no-json", "0.1.0", b"hello"),
        ("connect-too-deep", "0.1.0", b'{"authToken": "com.example.Vectors", "a": [[[[0]]]]}'),
        ("connect-with-a-number-as-token", "0.1.0", b'{"authToken": 1}'),
        ("connect-with-a-bad-name", "0.1.0", b'{"componentName": "no spaces"}'),
    ]:
        more = {"version": version} if version else {}
        sent = message(CONNECT, payload=payload, **more)
        answer = [CONNECT_ACK, 0, 0]
        vectors.add(name, rule, sent, "answered", connected=False, answer=answer, streams=0)


def bad_payloads(vectors):
    add = vectors.bad_payload
    add("payload-is-empty", b"", "deploymentId is missing")
    add("payload-is-no-json", b"hello", "expected")
    add("payload-is-half-an-object", b'{"deploymentId": "d"', "expected")
    add("payload-is-two-objects", b"{}{}", "expected")
    add("payload-is-an-array", b"[]", "expected an object")
    add("payload-is-null", b"null", "expected an object")
    add("payload-is-not-utf8", b'{"deploymentId": "\xff"}', "UTF-8")
    add("payload-has-a-lone-surrogate", b'{"deploymentId": "\\ud800"}', "surrogate")
    add("payload-has-a-member-twice", b'{"round": 1, "round": 1}', 'a second member named "round"')
    add("payload-is-too-deep", b'{"a": ' + b"[" * 16 + b"]" * 16 + b"}", "16 levels")
    members = ", ".join(f'"m{number}": 0' for number in range(257))
    add("payload-has-too-many-members", b"{%s}" % members.encode(), "256 members")
    elements = b", ".join([b"0"] * 4097)
    add("payload-has-too-many-elements", b'{"a": [%s]}' % elements, "4096 elements")
    add("payload-has-a-byte-order-mark", b"\xef\xbb\xbf{}", "byte order mark")
    for name, value, says in [
        ("negative", "-1", "negative"),
        ("a-fraction", "1.5", "not an integer"),
        ("beyond-64-bits", "9223372036854775808", "64 bits"),
        ("a-text", '"1000"', "expected an integer"),
        ("true", "true", "expected an integer"),
        ("nan", "NaN", ""),
    ]:
        payload = b'{"deploymentId": "d", "recheckAfterMs": %s}' % value.encode()
        add("milliseconds-are-" + name, payload, says)
    add("no-deployment-id", b'{"recheckAfterMs": 0}', "deploymentId is missing")
    add("empty-deployment-id", b'{"deploymentId": "", "recheckAfterMs": 0}', "empty")
    long_id = b'{"deploymentId": "%s", "recheckAfterMs": 0}' % (b"d" * 257)
    add("long-deployment-id", long_id, "the maximum is 256")
    rule = "a request that is not understood is a ServiceError, and the connection goes on"
    for name, sent, says in [
        ("operation-unknown", request(operation="aws.greengrass#NoSuchThing"), "not supported"),
        ("operation-missing", without("operation"), "names no operation"),
        ("operation-as-number", having({"operation": 1}), "names no operation"),
        ("operation-of-a-coordinator", request(operation="reprieve#GetStatus"), "control socket"),
    ]:
        vectors.add(name, rule, sent, "refused", code="ServiceError", says=says)
    rule = "a further message on a stream is a ServiceError, and ends the stream"
    before, says = [request(operation=SUBSCRIBE)], "no further messages"
    more = {"before": before, "code": "ServiceError", "says": says}
    vectors.add("stream-is-spoken-on-again", rule, request(1), "refused", **more)


def tolerated(vectors):
    kinds = {0: b"", 1: b"", 2: b"1", 3: b"12", 4: b"1234", 5: b"12345678", 6: b"\0\0011"}
    kinds.update({7: b"\0\001x", 8: b"12345678", 9: bytes(16)})
    odd = {f"odd-{kind}": (kind, value) for kind, value in kinds.items()}
    rule = "unknown headers are ignored, whatever their type"
    vectors.taken("headers-of-all-types", rule, encode({**odd, **HEADERS}, b"{}"))
    loud = {name.upper(): value for name, value in HEADERS.items()}
    vectors.taken("headers-in-capitals", "names of headers have no case", encode(loud, b"{}"))
    backwards = dict(reversed(list(HEADERS.items())))
    vectors.taken("headers-backwards", "headers stand in any order", encode(backwards, b"{}"))
    longest = (7, struct.pack(">H", 32_767) + b"x" * 32_767)
    rule = "a header's value may have 32,767 bytes"
    vectors.taken("longest-header", rule, having({"odd": longest}))
    rule = "unknown flags are ignored"
    vectors.taken("unknown-flags", rule, request(flags=0x7FFFFFFD))
    rule = ":content-type is not looked at in requests"
    vectors.taken("another-content-type", rule, having({":content-type": "text/plain"}))
    rule = "a request without a payload is one with an empty object"
    vectors.taken("no-payload", rule, request(payload=b""))
    vectors.taken("largest-frame", "a frame may have 64 KiB", largest())
    rule = "both sides may end a stream, at the same time or twice"
    end = message(APPLICATION_MESSAGE, TERMINATE, 1)
    vectors.add("end-of-a-closed-stream", rule, end, "ignored", before=[GOOD])
    end = message(APPLICATION_ERROR, TERMINATE, 1)
    vectors.add("error-on-a-closed-stream", rule, end, "ignored", before=[GOOD])
    rule = "a request that ends its own stream asks for nothing"
    vectors.add("request-that-ends-its-stream", rule, request(flags=TERMINATE), "ignored")
    sent = message(PING_RESPONSE)
    vectors.add("ping-response", "PING_RESPONSE is ignored", sent, "ignored", streams=0)
    rule = "PING is answered by PING_RESPONSE"
    answer = [PING_RESPONSE, 0, 0]
    vectors.add("ping", rule, message(PING, payload=b"x"), "pong", answer=answer, streams=0)


def largest():
    empty = having({"odd": (6, b"\0\0")}, b'{"a": ""}')
    text = b"x" * (64 * 1024 - len(empty))
    return having({"odd": (6, b"\0\0")}, b'{"a": "%s"}' % text)


def client_vectors():
    vectors = Vectors()
    for part in (no_frames, out_of_place, handshakes, bad_payloads, tolerated):
        part(vectors)
    return vectors.list
