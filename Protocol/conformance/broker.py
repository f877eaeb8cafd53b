# SPDX-License-Identifier: Apache-2.0
"""The broker that is tested, as the checks see it."""

import os

from checks import Skip
from connection import Connection, Failure, HungUp, Refused
from peers import Component, Coordinator

MINUTE = 60_000


class Broker:
    def __init__(self, socket, control_socket, patience, components):
        self.socket = socket
        self.control_socket = control_socket
        self.patience = patience
        self._components = components
        self._connections = []
        self.update = None

    @property
    def is_reprieve(self):
        return self.control_socket is not None

    def attempt(self, check):
        """Runs a check, and leaves nothing of it behind."""
        if check.needs_control and not self.is_reprieve:
            raise Skip("needs --control-socket")
        if check.kind == "reprieve" and not self.is_reprieve:
            raise Skip("only Reprieve promises this (--control-socket)")
        self.update = f"conformance-{os.getpid()}-{check.name}"
        try:
            check.run(self)
        finally:
            self._clean_up()

    # Who takes part

    def name(self, index=0):
        return self._components[index][0]

    def token(self, index=0):
        return self._components[index][1]

    def open(self):
        """A connection before its CONNECT."""
        return self._keep(Connection.open(self.socket, self.patience))

    def connect(self, index=0):
        return self.open().connect(self.token(index))

    def component(self, index=0, **request):
        """A subscribed component."""
        return Component(self.connect(index), **request)

    def coordinator(self):
        connection = Connection.open_elsewhere(self.control_socket, self.patience)
        return Coordinator(self._keep(connection).connect())

    def gate(self, *indices, coordinator=None, update=None, policy=None, **request):
        """Announces an update that concerns some components; without `indices`, the first."""
        names = [self.name(index) for index in indices or [0]]
        coordinator = coordinator or self.coordinator()
        return coordinator.gate(update or self.update, names, policy, **request)

    def stays(self, connection):
        """The connection still works."""
        connection.call("UpdateState", {"state": "RUNNING"})

    # The end

    def _keep(self, connection):
        self._connections.append(connection)
        return connection

    def _clean_up(self):
        try:
            if self.is_reprieve:
                # First, so that no component that is still there is owed a post.
                self._end_updates(self.coordinator())
        except (Failure, HungUp, Refused, OSError, KeyError, RecursionError):
            pass  # of the check itself, there is a verdict
        for connection in self._connections:
            connection.close()
        self._connections = []

    def _end_updates(self, coordinator):
        for update in coordinator.status()["updates"]:
            if not update["deploymentId"].startswith(f"conformance-{os.getpid()}-"):
                continue
            end = coordinator.cancel if update["state"] == "waiting" else coordinator.complete
            end(update["deploymentId"])
