# SPDX-License-Identifier: Apache-2.0
"""Sockets that systemd opened before the daemon ran."""

import contextlib
import os
import socket

from daemon import Daemon, open_elsewhere
from protocol import Component, Connection, Coordinator


@contextlib.contextmanager
def listening(*paths):
    with contextlib.ExitStack() as stack:
        sockets = []
        for path in paths:
            # Above those numbers that the daemon is to find them at.
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as low:
                one = stack.enter_context(socket.socket(fileno=os.dup(low.fileno())))
            one.bind(path)
            one.listen()
            sockets.append(one)
        yield sockets


def test_who_connected_before_the_daemon_ran_is_named_and_served(directory):
    paths = [f"{directory}/{name}" for name in ["early.socket", "control.socket"]]
    with listening(*paths) as sockets:
        early = Connection.open(paths[0])
        coordinator = open_elsewhere(paths[1])
        daemon = Daemon(directory, sockets=sockets)
        Component(daemon.keep(early).connect("com.example.Camera"))
        [camera] = Coordinator(daemon.keep(coordinator).connect()).status()["components"]
        assert (camera["component"], camera["pids"]) == ("com.example.Camera", [os.getpid()])
        daemon.stop()
    # They were not the daemon's own: systemd goes on listening.
    assert os.path.exists(paths[0])
    assert not os.path.exists(f"{directory}/ipc.socket")


def test_what_is_not_inherited_is_opened(directory):
    with listening(f"{directory}/early.socket") as sockets:
        daemon = Daemon(directory, sockets=sockets)
        assert daemon.control_socket.exists()
        assert not daemon.component_socket.exists()
        daemon.stop()
