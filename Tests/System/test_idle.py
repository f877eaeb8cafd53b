# SPDX-License-Identifier: Apache-2.0
"""Programs that wait are not woken: the kernel counts how often each of their threads was."""

import os
import pathlib
import time

import pytest
from daemon import BUILD
from expect import CAMERA, ROBOT, defer

# Swift's idle worker threads end after 5 s. A time-out of the library would come after 10 s.
SETTLED, OBSERVED = 8, 17


def is_looked_after(program):
    """Whether the dispatch library wakes up once a second to look after its threads. It does not in
    a program that it is linked into together with NoDispatchMonitor."""
    return "libdispatch.so" in pathlib.Path(f"/proc/{program.pid}/maps").read_text()


class WakeUps:
    """How often the threads of a program waited, and when that changed for the last time."""

    def __init__(self, program):
        self._tasks = pathlib.Path(f"/proc/{program.pid}/task")
        self._is_looked_after = is_looked_after(program)
        # The threads that look after others, which were seen as they waited.
        self._lookouts = set()
        self.latest = 0
        self._waits = self._read()

    def _read(self):
        waits = {}
        for task in self._tasks.iterdir():
            try:
                lines = (task / "status").read_text().splitlines()
                if self._is_looked_after and "epoll" in (task / "wchan").read_text():
                    self._lookouts.add(task.name)
            except (FileNotFoundError, ProcessLookupError):
                continue  # It has ended.
            if task.name not in self._lookouts:
                (waits[task.name],) = (line for line in lines if line.startswith("voluntary_ctxt"))
        return waits

    def look(self, now):
        waits = self._read()
        if waits != self._waits:
            self.latest, self._waits = now, waits


def wake_ups(programs, connection):
    """When each program was woken for the last time, in seconds from now. What arrives on a
    connection is waited for meanwhile."""
    begin = time.monotonic()
    observed = {name: WakeUps(program) for name, program in programs.items()}
    while (now := time.monotonic() - begin) < OBSERVED:
        for one in observed.values():
            one.look(now)
        connection.is_quiet(0.2)
    return {name: round(one.latest, 1) for name, one in observed.items()}


@pytest.fixture
def sample(daemon, processes):
    """A component that uses the library."""
    path = BUILD / "sample-component"
    if not path.exists():
        pytest.skip("sample-component is not built")
    variable = "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT"
    environment = os.environ | {variable: str(daemon.component_socket)}
    return processes.start(path, ROBOT, env=environment)


@pytest.mark.slow
def test_programs_that_wait_are_not_woken(daemon, processes, sample):
    _, gate = defer(daemon)
    id = ["--deployment-id", "d2", "--component", CAMERA]
    programs = {
        "sample-component": sample,
        "listen": processes.reprieve_component(daemon, "listen", "--exec", "true", name="a.Listen"),
        # A shorter lease would be renewed meanwhile, where the programs start slowly.
        "hold": processes.reprieve_component(
            daemon, "hold", "--why", "x", "--lease", "1h", "--", "sleep", "60", name="a.Hold"
        ),
        "window": processes.reprieve_component(daemon, "window", "Sun 02:00..02:01", name="a.W"),
        "gate": processes.reprieve(daemon, "gate", *id, "--", "true"),
        "gate --attach": processes.reprieve(daemon, "gate", "--deployment-id", "d", "--attach"),
        "status": processes.reprieve(daemon, "status", "--watch"),
        "alert": processes.reprieve(daemon, "alert", "--wall"),
    }
    found = wake_ups(programs, gate.connection)
    assert [name for name, program in programs.items() if program.process.poll() is not None] == []
    assert {name: at for name, at in found.items() if at > SETTLED} == {}
