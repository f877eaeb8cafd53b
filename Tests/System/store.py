# SPDX-License-Identifier: Apache-2.0
"""A service manager that keeps descriptors for a service while it is restarted, as systemd does."""

import os
import select
import socket
import threading


class DescriptorStore:
    """Hears the notifications of daemons, one after another. Give it to `Daemon` as `store`."""

    def __init__(self, room=1024):
        self.room = room
        self.ready = threading.Event()
        # Of messages that hand over a descriptor; others are systemd's everyday.
        self.messages = []
        self._kept = []
        self._changed = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        # An abstract address: it leaves nothing behind.
        self._socket.bind("")
        self.address = "@" + self._socket.getsockname()[1:].decode()
        self._thread = threading.Thread(target=self._hear, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as end:
            end.sendto(b"END", "\0" + self.address[1:])
        self._thread.join()
        self._socket.close()
        for _, descriptor in self._kept:
            os.close(descriptor)

    def _hear(self):
        while True:
            message, descriptors, _, _ = socket.recv_fds(self._socket, 4096, 253)
            if message == b"END":
                return
            if b"READY=1" in message.split(b"\n"):
                self.ready.set()
            fields = dict(line.split("=", 1) for line in message.decode().splitlines())
            if "FDSTORE" in fields:
                self.keep(fields["FDNAME"], descriptors)

    def keep(self, name, descriptors):
        with self._changed:
            self.messages.append(name)
            for descriptor in descriptors:
                if len(self._kept) < self.room:
                    self._kept.append((name, descriptor))
                else:
                    os.close(descriptor)
            self._changed.notify_all()

    def await_connections(self, count, timeout=10):
        """Waits until so many connections are kept."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self.connections) >= count, timeout)

    @property
    def connections(self):
        """The names of the connections that have not ended. FDPOLL=1 drops the others."""
        return [name for name, _ in self.kept() if name != "marks"]

    def kept(self):
        with self._changed:
            ended = [one for one in self._kept if has_ended(one[1])]
            for one in ended:
                self._kept.remove(one)
                os.close(one[1])
            return list(self._kept)

    def lose(self, name):
        with self._changed:
            for one in [one for one in self._kept if one[0] == name]:
                self._kept.remove(one)
                os.close(one[1])


def has_ended(descriptor):
    poll = select.poll()
    poll.register(descriptor, 0)
    return any(events & (select.POLLHUP | select.POLLERR) for _, events in poll.poll(0))
