# SPDX-License-Identifier: Apache-2.0
"""What can be wrong with a broker: each fault changes frames on their way `up` to the real broker
or `down` to its client, and returns what is passed on instead.
"""

import json
import threading

from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT_ACK,
    PING_RESPONSE,
    PROTOCOL_ERROR,
    TERMINATE,
    Frame,
)


class Fault:
    def __init__(self, up=None, down=None, **how):
        if up:
            self.up = up
        if down:
            self.down = down
        vars(self).update(how)


def flags(frame, *, on=0, off=0):
    changed = (frame.flags | on) & ~off
    return Frame({**frame.headers, ":message-flags": changed}, frame.payload)


def saying(frame, value):
    return Frame(frame.headers, json.dumps(value).encode())


def is_request(frame, operation=""):
    return frame.headers.get("operation", "").endswith("#" + operation or "#")


# Parts of faults


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


def in_notices(change):
    def change_notice(value):
        if "preUpdateEvent" in value:
            change(value["preUpdateEvent"])

    return on_model("PolicyEvents", change_notice)


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


def without(name):
    return lambda value: value.pop(name, None) and None


def renamed(old, new):
    return lambda value: {new: value[old]} if old in value else None


def answers(change):
    """Changes what a component asks for."""

    def up(frame, link):
        if is_request(frame, "DeferComponentUpdate"):
            with_number = isinstance(frame.json.get("recheckAfterMs"), int)
            return [saying(frame, change(frame.json))] if with_number else [frame]
        return [frame]

    return Fault(up=up)


def requests(operation, change):
    return Fault(
        up=lambda frame, link: (
            [saying(frame, change(frame.json))] if is_request(frame, operation) else [frame]
        )
    )


# Whole faults


def _whole_frames_only(frame, link):
    if frame.type == APPLICATION_MESSAGE and "first" in link.seen:
        return []
    link.seen.add("first" if frame.type == APPLICATION_MESSAGE else None)
    return [frame]


def _no_second_end(frame, link):
    if frame.flags & TERMINATE and frame.stream in link.seen:
        link.hang_up()
    if frame.flags & TERMINATE:
        link.seen.add(frame.stream)
    return [frame]


def _errors_end_connections(frame, link):
    if frame.type == APPLICATION_ERROR:
        link.hang_up()
    return [frame]


def _errors_end_everybody(frame, link):
    if frame.type == PROTOCOL_ERROR:
        for other in link.proxy.links:
            other.hang_up()
    return [frame]


def _denial_hangs_up(frame, link):
    if frame.type == CONNECT_ACK and not frame.flags & ACCEPTED:
        link.send("down", frame)
        link.hang_up()
        return []
    return [frame]


def _tells_one_connection(frame, link):
    if not frame.model.endswith("PolicyEvents"):
        return [frame]
    if frame.payload in link.proxy.seen:
        return []
    link.proxy.seen.add(frame.payload)
    return [frame]


def _response_is_late(frame, link):
    if frame.model.endswith("SubscribeToComponentUpdatesResponse"):
        threading.Timer(0.1, link.send, ["down", frame]).start()
        return []
    return [frame]


def _posts_twice(frame, link):
    return [frame] * (2 if b"postUpdateEvent" in frame.payload else 1)


def _never_posts(frame, link):
    return [] if b"postUpdateEvent" in frame.payload else [frame]


def _without_blockers(status):
    for update in status["updates"]:
        update["blockedBy"] = []


def _without_messages(event):
    for participant in event.get("progress", {}).get("participants", []):
        participant["message"] = "?"


def _only_acknowledges(frame, link):
    return [frame] if frame.type == CONNECT_ACK else []


NAMES = [f"com.example.a-rather-long-name-for-a-component-{number}" for number in range(400)]

FAULTS = {
    "denies everybody": Fault(down=on_type(CONNECT_ACK, lambda f: flags(f, off=ACCEPTED))),
    "accepts everybody": Fault(down=on_type(CONNECT_ACK, lambda f: flags(f, on=ACCEPTED))),
    "hangs up at once": Fault(hangs_up_at_once=True),
    "needs whole pieces": Fault(needs_whole_pieces=True),
    "hangs up with the denial": Fault(down=_denial_hangs_up),
    "takes no error": Fault(up=lambda f, link: [] if f.type == PROTOCOL_ERROR else [f]),
    "ends everybody": Fault(down=_errors_end_everybody),
    "never ends a stream": Fault(down=lambda f, link: [flags(f, off=TERMINATE)]),
    "ends every stream": Fault(down=on_type(APPLICATION_MESSAGE, lambda f: flags(f, on=TERMINATE))),
    "hears one request": Fault(up=_whole_frames_only),
    "never hears an end": Fault(up=lambda f, link: [flags(f, off=TERMINATE)]),
    "takes an end once": Fault(up=_no_second_end),
    "never pongs": Fault(down=lambda f, link: [] if f.type == PING_RESPONSE else [f]),
    "ends connections": Fault(down=_errors_end_connections),
    "has no _message": on_model("Error", without("_message")),
    "swaps codes": codes(
        {"ServiceError": "InvalidArgumentsError", "InvalidArgumentsError": "ServiceError"}
    ),
    "permits nothing": codes(
        {"ServiceError": "UnauthorizedError", "InvalidArgumentsError": "UnauthorizedError"}
    ),
    "knows no conflict": codes({"ConflictError": "ServiceError"}),
    "hides isGgcRestarting": in_notices(without("isGgcRestarting")),
    "hides respondByMs": in_notices(without("respondByMs")),
    "hides final": in_notices(without("final")),
    "hides lastCall": in_notices(without("lastCall")),
    "always says final": in_notices(lambda notice: notice.update(final=True)),
    "sends long notices": in_notices(lambda notice: notice.update(components=NAMES)),
    "answers late": Fault(down=_response_is_late),
    "tells one connection": Fault(down=_tells_one_connection),
    "grants for ever": answers(lambda answer: {**answer, "recheckAfterMs": 60_000}),
    "grants nothing": answers(lambda answer: {**answer, "recheckAfterMs": 0}),
    "hides grantedMs": on_model("DeferComponentUpdateResponse", without("grantedMs")),
    "hides unmatched": on_model("GateUpdateResponse", lambda value: value.update(unmatched=[])),
    "hides participants": on_model("GateUpdateResponse", lambda v: v.update(participants=[])),
    "hides what is under way": on_model("UpdatesResponse", without("underway")),
    "never attaches": on_model("GateUpdateResponse", lambda v: v.update(attached=False)),
    "ignores policies": requests("GateUpdate", lambda v: v.pop("policy", None) and v or v),
    "cancels": in_gates(renamed("refused", "cancelled")),
    "refuses": in_gates(renamed("cancelled", "refused")),
    "posts twice": Fault(down=_posts_twice),
    "never posts": Fault(down=_never_posts),
    "hides blockers": on_model("StatusResponse", _without_blockers),
    "shows nothing": Fault(down=lambda f, link: [] if f.model.endswith("StatusEvents") else [f]),
    "forgets": on_model("HistoryResponse", lambda value: value.update(decisions=[])),
    "hides messages": in_gates(_without_messages),
    "only acknowledges": Fault(down=_only_acknowledges, never_hangs_up=True),
}
