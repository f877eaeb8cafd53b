# SPDX-License-Identifier: Apache-2.0
"""A component that is wrong in one way, or in none: broken_client.py FAULT

Every line below that asks `is_wrong` is a mistake that somebody could make.
"""

import os
import pathlib
import socket
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Protocol/conformance"))

from eventstream import (
    ACCEPTED,
    APPLICATION_ERROR,
    APPLICATION_MESSAGE,
    CONNECT,
    CONNECT_ACK,
    PING,
    PROTOCOL_ERROR,
    SMALLEST,
    TERMINATE,
    Decoder,
    FrameError,
    message,
)

FAULT = sys.argv[1]
PATH = os.environ["AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT"]
NAME = os.environ["SVCUID"]
NEVER = threading.Event()
HEADERS = {":content-type", "service-model-type", ":message-type", ":message-flags", ":stream-id"}
MEMBERS = set(
    "deploymentId isGgcRestarting round respondByMs deadlineInMs maxDeferMs components final "
    "lastCall outcome message".split()
)
answered = set()


def is_wrong(*faults):
    return FAULT in faults


def has_unknown_members(message):
    inner = [value for value in message.values() if isinstance(value, dict)]
    return any(not MEMBERS.issuperset(value) for value in inner)


class HungUp(Exception):
    pass


class Component:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(PATH)
        self.decoder = Decoder()
        self.stream = self.subscription = 0
        self.updates = set()

    def send(self, kind, stream=0, payload=b"", flags=0, **more):
        self.socket.sendall(message(kind, flags, stream, payload, **more))

    def request(self, operation, payload):
        if not is_wrong("uses a stream again") or self.stream < 2:
            self.stream += 2 if is_wrong("skips a stream") else 1
        flags = 1 if is_wrong("sets a wrong flag") else 0
        operation = "aws.greengrass#" + operation
        self.send(APPLICATION_MESSAGE, self.stream, payload, flags, operation=operation)
        return self.stream

    def frames(self):
        """The frames of one read."""
        size = 4096 if is_wrong("has a small buffer") else 65536
        data = self.socket.recv(size)
        if not data:
            if self.decoder.has_partial_frame and is_wrong("dies of half a frame"):
                sys.exit("half a frame")
            raise HungUp
        if len(data) == size and is_wrong("has a small buffer"):
            raise HungUp
        if is_wrong("needs whole frames") and len(data) < SMALLEST:
            raise HungUp
        if is_wrong("checks no checksum"):
            data = data.replace(b"Damaged", b"damaged")
        self.decoder.append(data)
        frames = list(iter(self.decoder.next, None))
        return frames[:1] if is_wrong("takes one frame of each read") else frames

    def connect(self):
        version = "1.0" if is_wrong("has another version") else "0.1.0"
        payload = {} if is_wrong("says no name") else {"authToken": NAME}
        self.send(CONNECT, payload=payload, version=version)
        if is_wrong("does not wait for the acknowledgement"):
            self.subscribe()
        self.take_acknowledgement(self.frames())

    def take_acknowledgement(self, frames):
        if frames[0].type != CONNECT_ACK or not frames[0].flags & ACCEPTED:
            if is_wrong("stays when denied"):
                NEVER.wait()
            if not is_wrong("acts when denied"):
                raise HungUp
        if not is_wrong("does not wait for the acknowledgement", "never subscribes"):
            self.subscribe()

    def subscribe(self):
        self.subscription = self.request("SubscribeToComponentUpdates", {})
        if is_wrong("is impatient"):
            self.socket.settimeout(0.4)

    def run(self):
        self.connect()
        while True:
            for frame in self.frames():
                self.take(frame)

    def take(self, frame):
        if is_wrong("refuses unknown headers") and not HEADERS.issuperset(frame.headers):
            raise HungUp
        if frame.type == PING and is_wrong("hangs up at a ping"):
            raise HungUp
        if frame.type == PROTOCOL_ERROR and not is_wrong("overlooks a PROTOCOL_ERROR"):
            raise HungUp
        if frame.type == APPLICATION_ERROR:
            self.take_error(frame)
        elif frame.type == APPLICATION_MESSAGE and frame.payload:
            self.take_message(frame)
        if frame.stream == self.subscription and frame.flags & TERMINATE:
            if not is_wrong("overlooks the end of its subscription", "dies when refused"):
                self.subscribe()

    def take_error(self, frame):
        if is_wrong("dies when refused"):
            NEVER.wait()
        if is_wrong("hangs up when refused") or frame.stream == self.subscription:
            if not is_wrong("asks again at once"):
                raise HungUp

    def take_message(self, frame):
        value = frame.json
        if is_wrong("refuses unknown members") and has_unknown_members(value):
            raise HungUp
        if is_wrong("needs grantedMs") and frame.stream != self.subscription:
            value["grantedMs"]
        if "preUpdateEvent" in value:
            self.answer(value["preUpdateEvent"])
        elif "postUpdateEvent" in value:
            update = value["postUpdateEvent"]["deploymentId"]
            if is_wrong("needs the notice before its post"):
                self.updates.remove(update)
        elif value and frame.stream == self.subscription:
            if is_wrong("answers every event"):
                self.answer({"deploymentId": "future", "isGgcRestarting": False})

    def answer(self, notice):
        update = notice["deploymentId"]
        self.updates.add(update)
        if is_wrong("needs a round"):
            notice["round"]
        if is_wrong("hangs up at a last call") and notice.get("lastCall"):
            raise HungUp
        if is_wrong("never answers"):
            return
        if is_wrong("answers once") and update in answered:
            return
        if is_wrong("answers the first update only") and answered - {update}:
            return
        if is_wrong("answers late"):
            NEVER.wait(1.5)
        answered.add(update)
        self.request("DeferComponentUpdate", self.reply(update))

    def reply(self, update):
        if is_wrong("answers another update"):
            update = "another"
        if is_wrong("cleans up ids"):
            update = update.encode("ascii", "replace").decode()
        reply = {"deploymentId": update, "recheckAfterMs": 0}
        if is_wrong("does not say when"):
            del reply["recheckAfterMs"]
        return reply


class Confirming(Component):
    def subscribe(self):
        request = {"confirm": True}
        self.subscription = self.request("SubscribeToComponentUpdates", request)


def main():
    while True:
        try:
            (Confirming if is_wrong("forgets the round") else Component)().run()
        except (OSError, HungUp, FrameError):
            if is_wrong("never comes back"):
                NEVER.wait()
            if is_wrong("gives up without a socket") and not os.path.exists(PATH):
                NEVER.wait()
        NEVER.wait(0.02 if is_wrong("tries again at once") else 0.2)


main()
