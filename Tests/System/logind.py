# SPDX-License-Identifier: Apache-2.0
"""A system bus of the test's own, and a logind on it that says what the test wants."""

import os
import queue
import select
import subprocess
import threading

from jeepney import DBusAddress, HeaderFields, MessageType
from jeepney import new_error, new_method_call, new_method_return, new_signal
from jeepney.bus_messages import message_bus
from jeepney.io.blocking import open_dbus_connection
from protocol import TIMEOUT

NAME = "org.freedesktop.login1"
MANAGER = f"{NAME}.Manager"

CONFIGURATION = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>system</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*"/>
    <allow receive_sender="*"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""


class Bus:
    """A bus at directory/bus. It can be stopped, and started again."""

    def __init__(self, directory):
        self.path = directory / "bus"
        self.address = f"unix:path={self.path}"
        self._configuration = directory / "bus.conf"
        self._configuration.write_text(CONFIGURATION.format(path=self.path))
        self.start()

    def start(self):
        command = ["dbus-daemon", f"--config-file={self._configuration}", "--nofork"]
        self._process = subprocess.Popen(
            [*command, "--print-address"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout.readline().startswith(b"unix:path=")

    def stop(self):
        self._process.kill()
        self._process.wait(TIMEOUT)
        self._process.stdout.close()
        self.path.unlink(missing_ok=True)


class Inhibitor:
    """What logind has given somebody: it knows when that is let go."""

    def __init__(self, what, who, why, mode):
        self.what, self.who, self.why, self.mode = what, who, why, mode
        self._ours, self.theirs = os.pipe()

    def is_held(self, timeout=0):
        """Whether it is still held, after so many seconds at most."""
        ready, _, _ = select.select([self._ours], [], [], timeout)
        return not ready

    def is_let_go(self):
        return not self.is_held(TIMEOUT)


class Stranger:
    """Somebody on the bus who sends one other, `victim`, what logind and the bus send to all."""

    def __init__(self, bus, victim):
        self._victim = victim
        self._connection = open_dbus_connection(bus=bus.address)

    def prepare(self, begins, kind):
        path, metadata = "/org/freedesktop/login1", {"type": ("s", kind)}
        signal = "PrepareForShutdownWithMetadata"
        self._say(path, MANAGER, signal, "ba{sv}", (begins, metadata))
        self._say(path, MANAGER, "PrepareForShutdown", "b", (begins,))

    def claim_to_be_logind(self):
        path, bus = "/org/freedesktop/DBus", "org.freedesktop.DBus"
        body = (NAME, "", self._connection.unique_name)
        self._say(path, bus, "NameOwnerChanged", "sss", body)

    def _say(self, path, interface, member, signature, body):
        address = DBusAddress(path, interface=interface)
        signal = new_signal(address, member, signature, body)
        signal.header.fields[HeaderFields.destination] = self._victim
        self._connection.send(signal)
        # What follows is sent on after it.
        self._connection.send_and_get_reply(message_bus.GetId())


class Logind:
    """A logind on a bus. `refusal` is its answer to whoever wants an inhibitor."""

    REFUSAL = "The operation inhibition has been requested for is already running"

    def __init__(self, bus, limit_ms=5_000, scheduled="", refusal=None):
        self.limit_ms, self.scheduled, self.refusal = limit_ms, scheduled, refusal
        self._bus, self.is_preparing = bus, False
        self.caller = None
        # Of other programs, as (what, who, why, mode, uid, pid).
        self.inhibitors = []
        # Cleared, it answers nobody who wants an inhibitor.
        self.answers = threading.Event()
        self.answers.set()
        self._given = queue.Queue()
        self._refused = queue.Queue()
        # The test speaks while we answer, and a message is written in pieces.
        self._speaking = threading.Lock()
        self._connection = open_dbus_connection(bus=bus.address, enable_fds=True)
        self._connection.send_and_get_reply(message_bus.RequestName(NAME))
        threading.Thread(target=self._serve, daemon=True).start()

    def inhibitor(self, timeout=TIMEOUT):
        """The next inhibitor that somebody was given."""
        return self._given.get(timeout=timeout)

    def refused(self):
        """Waits until somebody was refused an inhibitor."""
        self._refused.get(timeout=TIMEOUT)

    def catch_up(self):
        """Returns when what was sent to it has been answered, and the answers been delivered."""
        get = DBusAddress("/org/freedesktop/login1", NAME, "org.freedesktop.DBus.Properties")
        with open_dbus_connection(bus=self._bus.address) as other:
            body = (MANAGER, "PreparingForShutdown")
            other.send_and_get_reply(new_method_call(get, "Get", "ss", body))
            other.send_and_get_reply(message_bus.GetId())

    def nobody_asks(self):
        return self._given.empty() and self._refused.empty()

    def prepare(self, begins, kind=None):
        """Says that a shutdown begins, or that it does not; with its kind as newer ones do."""
        self.is_preparing = begins
        if kind:
            metadata = {"type": ("s", kind)}
            self._say("PrepareForShutdownWithMetadata", "ba{sv}", (begins, metadata))
        self._say("PrepareForShutdown", "b", (begins,))

    def leave(self):
        """It ends."""
        self._send(message_bus.ReleaseName(NAME))

    def _say(self, signal, signature, body):
        manager = DBusAddress("/org/freedesktop/login1", interface=MANAGER)
        self._send(new_signal(manager, signal, signature, body))

    def _send(self, message):
        with self._speaking:
            self._connection.send(message)

    def _serve(self):
        try:
            while True:
                message = self._connection.receive()
                if message.header.message_type == MessageType.method_call:
                    self._reply(message)
        except (OSError, ConnectionError, EOFError):
            pass

    def _reply(self, call):
        send = self._send
        self.caller = call.header.fields[HeaderFields.sender]
        if call.header.fields[HeaderFields.member] == "Get":
            send(new_method_return(call, "v", (self._properties()[call.body[1]],)))
        elif call.header.fields[HeaderFields.member] == "ListInhibitors":
            send(new_method_return(call, "a(ssssuu)", (self.inhibitors,)))
        elif self.refusal:
            denied = "org.freedesktop.DBus.Error.AccessDenied"
            send(new_error(call, denied, "s", (self.refusal,)))
            self._refused.put(call)
        else:
            inhibitor = Inhibitor(*call.body)
            self.answers.wait(TIMEOUT)
            send(new_method_return(call, "h", (inhibitor.theirs,)))
            # The receiver has its own now.
            os.close(inhibitor.theirs)
            self._given.put(inhibitor)

    def _properties(self):
        return {
            "InhibitDelayMaxUSec": ("t", self.limit_ms * 1000),
            "PreparingForShutdown": ("b", self.is_preparing),
            "ScheduledShutdown": ("(st)", (self.scheduled, 0)),
        }
