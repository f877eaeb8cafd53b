# SPDX-License-Identifier: Apache-2.0
"""The built daemon on a directory of its own, and connections to it from other processes."""

import contextlib
import os
import pathlib
import select
import signal
import socket
import subprocess
import sys
import tempfile

from protocol import TIMEOUT, Component, Connection, Coordinator

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("REPRIEVE_BUILD", ".build/debug"))
if not BUILD.is_absolute():
    BUILD = ROOT / BUILD
NOBODY = 65534


class Daemon:
    def __init__(
        self,
        directory,
        *arguments,
        names_by_unit=False,
        environment={},
        sockets=(),
        socket_names=("components", "control"),
        may_die=False,
        user=None,
        wrapper=(),
        store=None,
    ):
        """Waits until it is ready, or has died where it may. A `store` keeps its descriptors."""
        # The tests may themselves run in a service, as in a continuous build.
        by_claim = [] if names_by_unit else ["--name-by-unit", "no"]
        self.directory = pathlib.Path(directory)
        self.component_socket = self.directory / "ipc.socket"
        self.control_socket = self.directory / "control.socket"
        self.log = self.directory / "log"
        self.state_directory = self.directory / "state"
        self._connections = []
        self._is_over = False
        descriptors = [one.fileno() for one in sockets]
        names = list(socket_names[: len(descriptors)])
        if store:
            store.ready.clear()
            for name, descriptor in store.kept():
                names.append(name)
                descriptors.append(descriptor)
        # An abstract address: it leaves nothing behind.
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind("")
            address = "@" + notify.getsockname()[1:].decode()
            with open(self.log, "ab") as log:
                self.process = subprocess.Popen(
                    [*wrapper, *inheriting(descriptors, names), BUILD / "reprieved"]
                    + ["--runtime-directory", directory]
                    + ["--state-directory", self.state_directory, *by_claim, *arguments],
                    env=self._environment(store.address if store else address) | environment,
                    stdin=subprocess.DEVNULL,
                    stderr=log,
                    pass_fds=descriptors,
                    user=user,
                )
            is_ready = store.ready.wait(TIMEOUT) if store else self._becomes_ready(notify)
            if not is_ready and not may_die:
                self.kill()
                raise AssertionError(f"reprieved is not ready:\n{self.log.read_text()}")

    def _becomes_ready(self, notify):
        process = os.pidfd_open(self.process.pid)
        try:
            while True:
                ready, _, _ = select.select([notify, process], [], [], TIMEOUT)
                if notify not in ready:
                    return False
                if b"READY=1" in notify.recv(4096):
                    return True
        finally:
            os.close(process)

    def _environment(self, notify_socket):
        # Not this machine's bus: a test has one of its own, or none.
        bus = f"unix:path={self.directory}/bus"
        path = os.environ["PATH"]
        return {"NOTIFY_SOCKET": notify_socket, "PATH": path, "DBUS_SYSTEM_BUS_ADDRESS": bus}

    # Connections

    def component(self, name="com.example.Camera", **request):
        """A subscribed component."""
        return Component(self.connection().connect(name), **request)

    def connection(self):
        """A connection of this process to the component socket, before its CONNECT."""
        return self.keep(Connection.open(self.component_socket))

    def coordinator(self):
        """The broker never asks the process that coordinates, so that is another one."""
        connection = open_elsewhere(self.control_socket)
        return Coordinator(self.keep(connection).connect())

    def keep(self, connection):
        """Closes a connection when the daemon is stopped."""
        self._connections.append(connection)
        return connection

    # Its end

    def stop(self):
        """Ends it as systemd would, unless a test has ended it. Fails if it has crashed before."""
        if self._is_over:
            return
        try:
            code = self.process.poll()
            assert code is None, f"reprieved has died with {code}:\n{self.log.read_text()}"
            self.process.send_signal(signal.SIGTERM)
            assert self.process.wait(TIMEOUT) == 0, self.log.read_text()
            assert b"Fatal error" not in self.log.read_bytes()
        finally:
            self.kill()

    def kill(self):
        self._is_over = True
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(TIMEOUT)
        for connection in self._connections:
            connection.close()

    def statistics(self):
        """The lines of the kernel's /proc/PID/status, by name."""
        lines = pathlib.Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


def inheriting(descriptors, names):
    """Starts a command as systemd does that has these descriptors for it, of these names."""
    if not descriptors:
        return []
    start = """
import fcntl, os, sys
count, names, command = int(sys.argv[1]), sys.argv[2], sys.argv[3:]
# First out of the way of each other.
high = [fcntl.fcntl(int(number), fcntl.F_DUPFD, 3 + count) for number in command[:count]]
for place, number in enumerate(high, 3):
    os.dup2(number, place)
    os.close(number)
given = {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(count)}
given["LISTEN_FDNAMES"] = names
os.execve(command[count], command[count:], os.environ | given)
"""
    numbers = [str(one) for one in descriptors]
    return [sys.executable, "-c", start, str(len(numbers)), ":".join(names), *numbers]


def reprieved(*arguments):
    """Runs the daemon, which is to end by itself."""
    with temporary_directory() as state:
        return subprocess.run(
            [BUILD / "reprieved", *arguments],
            env=os.environ | {"STATE_DIRECTORY": state},
            capture_output=True,
            text=True,
            timeout=10,
        )


@contextlib.contextmanager
def stay_elsewhere(path, user, before=lambda pid: None):
    """A connection of another user's process, which lives as long as it is used.

    `before` learns of the process before it connects.
    """
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    child = os.fork()
    if child == 0:
        try:
            ours.close()
            os.setgid(user)
            os.setuid(user)
            theirs.recv(1)
            opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            opened.connect(str(path))
            socket.send_fds(theirs, [b"."], [opened.fileno()])
            theirs.recv(1)
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        before(child)
        ours.settimeout(TIMEOUT)
        ours.send(b".")
        _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
        with Connection(socket.socket(fileno=descriptors[0])) as connection:
            yield connection
    os.waitpid(child, 0)


def open_elsewhere(path, user=None):
    """A connection that another process has opened, so that the kernel names that one as peer.

    That process ends at once: the connection lives on in this one.
    """
    (connection,) = open_many_elsewhere(path, user, 1)
    return connection


def open_many_elsewhere(path, user, count):
    """Connections of one other process, which opens the next one when it is asked for."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    child = os.fork()
    if child == 0:
        try:
            ours.close()
            if user is not None:
                os.setgid(user)
                os.setuid(user)
            while theirs.recv(1):
                opened = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
                opened.connect(str(path))
                socket.send_fds(theirs, [b"."], [opened.fileno()])
        finally:
            os._exit(0)
    theirs.close()
    with ours:
        ours.settimeout(TIMEOUT)
        for _ in range(count):
            ours.send(b".")
            _, descriptors, _, _ = socket.recv_fds(ours, 1, 1)
            if not descriptors:
                break
            yield Connection(socket.socket(fileno=descriptors[0]))
    os.waitpid(child, 0)
    if not descriptors:
        raise PermissionError(f"the other process could not open {path}")


def temporary_directory():
    """A short path: a socket's address has room for 107 bytes. Open to every user."""
    directory = tempfile.TemporaryDirectory(prefix="reprieve-")
    os.chmod(directory.name, 0o755)
    return directory
