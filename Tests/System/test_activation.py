# SPDX-License-Identifier: Apache-2.0
"""Sockets that systemd opened before the daemon ran."""

import contextlib
import os
import signal
import socket

from daemon import BUILD, Daemon, open_elsewhere
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


def test_a_socket_of_another_name_is_said_and_not_used(directory):
    with listening(f"{directory}/a", f"{directory}/b") as sockets:
        daemon = Daemon(directory, sockets=sockets, socket_names=["reprieved.socket", "control"])
        [line] = [line for line in daemon.log.read_text().splitlines() if "inherited" in line]
        assert '"reprieved.socket"' in line and "FileDescriptorName=" in line
        assert daemon.component_socket.exists()
        assert not daemon.control_socket.exists()
        daemon.stop()


def test_all_sockets_of_one_name_are_served(directory):
    paths = [f"{directory}/a", f"{directory}/b"]
    with listening(*paths) as sockets:
        daemon = Daemon(directory, sockets=sockets, socket_names=["components", "components"])
        for path in paths:
            daemon.keep(Connection.open(path)).connect("com.example.Camera")
        assert f"components at {paths[0]} and {paths[1]}, control" in daemon.log.read_text()
        daemon.stop()


def test_a_socket_that_does_not_listen_ends_it(directory):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as datagrams:
        daemon = Daemon(directory, sockets=[datagrams], may_die=True)
        assert daemon.process.wait(10) == 69
        assert "it is not a listening Unix stream socket" in daemon.log.read_text()


def run_with(processes, directory, **environment):
    places = [f"--{kind}-directory={directory}" for kind in ["runtime", "state"]]
    return processes.start(BUILD / "reprieved", *places, env=environment)


def test_without_a_service_manager_it_says_so_and_serves(processes, directory):
    program = run_with(processes, directory)
    program.error_line("serving")
    program.error_line("NOTIFY_SOCKET is not set")
    program.signal(signal.SIGTERM)
    assert program.end()[0] == 0


def test_a_service_manager_that_cannot_be_told_does_not_stop_it(processes, directory):
    program = run_with(processes, directory, NOTIFY_SOCKET=f"{directory}/nobody")
    program.error_line("serving")
    program.error_line("cannot notify the service manager")
    program.signal(signal.SIGTERM)
    code, _, errors = program.end()
    assert code == 0
    assert sum("service manager" in line for line in errors) == 1


def test_a_service_manager_is_told_each_step(processes, directory):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.bind(f"{directory}/notify")
        manager.settimeout(10)

        def told(what):
            """Everything up to a line, without what the watchdog is fed."""
            lines = []
            while what not in lines:
                lines += manager.recv(4096).decode().split("\n")
            return [line for line in lines if line != "WATCHDOG=1" or what == line]

        watchdog = {"WATCHDOG_USEC": "100000"}
        program = run_with(processes, directory, NOTIFY_SOCKET=f"{directory}/notify", **watchdog)
        assert told("READY=1") == ["STATUS=no update is waiting", "READY=1"]
        told("WATCHDOG=1")
        program.signal(signal.SIGHUP)
        reloading, since, ready = told("READY=1")
        assert reloading == "RELOADING=1" and since.startswith("MONOTONIC_USEC=")
        program.signal(signal.SIGTERM)
        assert told("STOPPING=1") == ["STOPPING=1"]
        assert program.end()[0] == 0
