# SPDX-License-Identifier: Apache-2.0
"""Components and coordinators, over connections that have shaken hands."""

import time

from connection import Failure, expect
from eventstream import TERMINATE

# In how many seconds a gate opens that opens at once.
AT_ONCE = 1
EVENTS = "aws.greengrass#ComponentUpdatePolicyEvents"
KINDS = {"preUpdateEvent", "postUpdateEvent", "progress", "released", "refused", "cancelled"}


def is_named(shown, name):
    """Whether a broker shows a component by this name, or as one of several in a unit."""
    return shown == name or shown.endswith("/" + name)


def are_named(shown, names):
    return len(shown) == len(names) and all(map(is_named, sorted(shown), sorted(names)))


class Component:
    """A subscribed component."""

    def __init__(self, connection, underway_now=(), **request):
        self.connection = connection
        self.latest = None  # the frame of the latest event
        self.stream, answer = connection.subscribe_to("SubscribeToComponentUpdates", request)
        wanted = {"underway": list(underway_now)} if underway_now else {}
        expect(answer == wanted, f"the response to subscribing is {answer}, not {wanted}")

    def event(self, update, patience=None):
        """The next event about an update as (kind, content); None if there is none in time.

        What is still owed to the component about others is passed over.
        """
        while True:
            frame = self.connection.next_on(self.stream, patience)
            if frame is None:
                return None
            expect(frame.model == EVENTS, f"an event's service-model-type is {frame.model!r}")
            expect(not frame.flags & TERMINATE, "an event ends the subscription (flag 2)")
            kind, content = _kind_and_content(frame)
            if content["deploymentId"] == update:
                self.latest = frame
                return kind, content

    def notice(self, update, patience=None):
        return self._expected("preUpdateEvent", update, patience)

    def post(self, update, patience=None):
        return self._expected("postUpdateEvent", update, patience)

    def _expected(self, wanted, update, patience):
        event = self.event(update, patience)
        expect(event is not None, f"no {wanted} arrives")
        expect(event[0] == wanted, f"{event} where a {wanted} is due")
        return event[1]

    def hears_nothing(self, update, seconds):
        event = self.event(update, seconds)
        expect(event is None, f"{event} arrives, and nothing should")

    def answer(self, update, milliseconds, **more):
        request = {"deploymentId": update, "recheckAfterMs": milliseconds}
        return self.connection.call("DeferComponentUpdate", {**request, **more})

    def acknowledge(self, update, **more):
        return self.answer(update, 0, **more)


class Gate:
    """A gate that a coordinator waits at."""

    def __init__(self, connection, stream, response):
        self.connection = connection
        self.stream = stream
        self.response = response

    def _event(self, patience):
        frame = self.connection.next_on(self.stream, patience)
        expect(frame is not None, "the gate says nothing")
        expect(frame.model == "reprieve#GateEvents", f"{frame} where GateEvents are due")
        kind, content = _kind_and_content(frame)
        flags = 0 if kind == "progress" else TERMINATE
        expect(frame.flags == flags, f"{kind} has flags {frame.flags}, not {flags}")
        return kind, content

    def end(self, patience=None):
        """What the gate ends with, after any progress."""
        deadline = time.monotonic() + (patience or self.connection.patience)
        while True:
            left = max(0.01, deadline - time.monotonic())
            kind, content = self._event(left)
            if kind != "progress":
                return kind, content

    def released(self, basis, patience=None):
        kind, content = self.end(patience)
        expect(kind == "released", f"the gate ends with {kind}: {content}")
        expect(content["basis"] == basis, f"it opens on {content['basis']}, not on {basis}")
        return content

    def released_at_once(self, basis):
        return self.released(basis, min(AT_ONCE, self.connection.patience))

    def shows(self, component, state):
        """Waits until the progress shows a component in a state."""
        deadline = time.monotonic() + self.connection.patience
        while time.monotonic() < deadline:
            kind, content = self._event(max(0.01, deadline - time.monotonic()))
            expect(kind == "progress", f"the gate ends with {kind}: {content}")
            for participant in content["participants"]:
                if is_named(participant["component"], component) and participant["state"] == state:
                    return participant
        raise Failure(f"{component} is never shown as {state}")

    def stays_closed(self, seconds):
        """Nothing but progress arrives for so long."""
        deadline = time.monotonic() + seconds
        while True:
            left = max(0.01, deadline - time.monotonic())
            frame = self.connection.next_on(self.stream, left)
            if frame is None:
                return
            kind, content = _kind_and_content(frame)
            expect(kind == "progress", f"the gate ends too early, with {kind}: {content}")


class Coordinator:
    """Who makes updates, over a connection to the control socket."""

    def __init__(self, connection):
        self.connection = connection

    def gate(self, update, components, policy=None, **request):
        request = {"deploymentId": update, "components": components, **request}
        if policy is not None:
            request["policy"] = policy
        return Gate(self.connection, *self.connection.subscribe_to("reprieve#GateUpdate", request))

    def complete(self, update, outcome="applied", **more):
        request = {"deploymentId": update, "outcome": outcome, **more}
        return self.connection.call("reprieve#CompleteUpdate", request)

    def cancel(self, update, reason="no longer wanted"):
        request = {"deploymentId": update, "reason": reason}
        return self.connection.call("reprieve#CancelUpdate", request)

    def force(self, update, reason="it is urgent"):
        request = {"deploymentId": update, "reason": reason}
        return self.connection.call("reprieve#ForceUpdate", request)

    def status(self):
        return self.connection.call("reprieve#GetStatus")

    def history(self, **request):
        return self.connection.call("reprieve#GetHistory", request)["decisions"]


def _kind_and_content(frame):
    """An event's one member that is known. Its schema has seen to it that there is one."""
    return next((kind, content) for kind, content in frame.json.items() if kind in KINDS)
