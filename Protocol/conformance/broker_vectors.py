# SPDX-License-Identifier: Apache-2.0
"""Checks of a broker: every frame in ../vectors that a client should not have sent, or might."""

import json
import pathlib

from checks import CORE, REPRIEVE, Check
from connection import HungUp, expect
from eventstream import APPLICATION_ERROR, PROTOCOL_ERROR, TERMINATE

FILE = pathlib.Path(__file__).resolve().parent.parent / "vectors/client-frames.json"


def vectors():
    return json.loads(FILE.read_text())


def checks():
    for vector in vectors():
        # What ends the connection does so at any broker; the courtesy to say why is Reprieve's.
        is_core = vector["reaction"] in ("ended", "pong", "ignored") and "ours" not in vector
        kind = CORE if is_core else REPRIEVE
        run = lambda broker, vector=vector: _try(broker, vector)
        yield Check("vector-" + vector["name"], kind, vector["rule"], run)


def _try(broker, vector):
    connection = broker.connect() if vector["connected"] else broker.open()
    for sent in vector["before"]:
        connection.send(bytes.fromhex(sent))
        expect(connection.next_frame() is not None, "what goes before it is not answered")
    connection.send(bytes.fromhex(vector["hex"]))
    _REACTIONS[vector["reaction"]](connection, vector, broker)


def _ended(connection, vector, broker):
    if vector["says"] is None:
        connection.ending()
        return
    # The hang-up that follows is left to other checks: each would wait for a second.
    try:
        last = connection.next_frame()
    except HungUp:
        expect(not broker.is_reprieve, "the broker hangs up without a word")
        return
    expect(last is not None, "the connection goes on")
    expect((last.type, last.stream) == (PROTOCOL_ERROR, 0), f"it is answered by {last}")
    text = last.json["message"]
    as_meant = vector["says"] in text or not broker.is_reprieve
    expect(as_meant, f"the reason is {text!r}, without {vector['says']!r}")


def _next(connection):
    """The next frame that is no event: a post may be owed from earlier checks."""
    while True:
        frame = connection.next_frame()
        if frame is None or not frame.model.endswith("Events"):
            return frame


def _refused(connection, vector, broker):
    frame = _next(connection)
    expect(frame is not None, "it is not answered")
    expect(frame.type == APPLICATION_ERROR, f"it is answered by {frame}")
    expect(frame.flags & TERMINATE, "the error does not end its stream (flag 2)")
    code = frame.json["_errorCode"]
    expect(code == vector["code"], f"it is a {code}: {frame.json['message']}")
    text = frame.json["message"]
    expect(vector["says"] in text, f"the reason is {text!r}, without {vector['says']!r}")
    _goes_on(connection, vector, broker)


def _answered(connection, vector, broker):
    frame = connection.next_frame()
    expect(frame is not None, "it is not answered")
    wanted = vector["answer"]
    got = [frame.type, frame.flags, frame.stream]
    expect(got == wanted, f"it is answered by {frame}, not with type, flags, stream {wanted}")


def _pong(connection, vector, broker):
    _answered(connection, vector, broker)
    _goes_on(connection, vector, broker)


def _ignored(connection, vector, broker):
    expect(connection.is_quiet(0.1), "it is answered")
    _goes_on(connection, vector, broker)


def _goes_on(connection, vector, broker):
    connection.skip_streams(vector["streams"])
    broker.stays(connection)


_REACTIONS = {
    "ended": _ended,
    "refused": _refused,
    "answered": _answered,
    "pong": _pong,
    "ignored": _ignored,
}
