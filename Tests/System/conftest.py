# SPDX-License-Identifier: Apache-2.0
"""What every system test can ask for."""

import contextlib
import os
import pathlib
import signal
import subprocess

import pytest

from daemon import BUILD, Daemon, temporary_directory
from device import Device
from processes import Processes
from scripted_upstream import Lite, nucleus_in
from suspend import Clocks, Suspend

LONGEST_TEST = 60


def pytest_addoption(parser):
    parser.addoption("--attack-report", metavar="FILE", help="where the table of attacks goes")


def pytest_sessionstart(session):
    if not (BUILD / "reprieved").exists():
        pytest.exit(f"{BUILD}/reprieved is not built; run Tests/run.sh, or set REPRIEVE_BUILD", 2)


@pytest.fixture(autouse=True)
def no_test_hangs(request):
    """Every wait has a time-out of its own. This one is for the wait that somebody forgot."""
    marker = request.node.get_closest_marker("longest")
    longest = marker.args[0] if marker else LONGEST_TEST

    def stop(*_):
        raise AssertionError(f"the test took more than {longest} s")

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(longest)
    yield
    signal.alarm(0)


@pytest.fixture
def directory():
    with temporary_directory() as path:
        yield path


@pytest.fixture
def lite(directory):
    with nucleus_in(directory, Lite) as upstream:
        yield upstream


@pytest.fixture
def start(directory):
    """Starts daemons. One that still runs when the test is over must end well."""
    daemons = []

    def start(*arguments, **options):
        daemons.append(Daemon(directory, *arguments, **options))
        return daemons[-1]

    yield start
    for daemon in daemons:
        daemon.stop()


@pytest.fixture
def daemon(start):
    return start()


@pytest.fixture
def coordinator(daemon):
    return daemon.coordinator()


@pytest.fixture
def undisturbed(daemon, coordinator):
    """A healthy component that is there before the test and goes through an update after it."""
    name = "com.example.Healthy"
    component = daemon.component(name)
    yield component
    gate = coordinator.gate("healthy", components=[name])
    assert component.notice()["deploymentId"] == "healthy"
    component.acknowledge("healthy")
    assert gate.released()["basis"] == "consent"
    coordinator.complete("healthy")
    assert component.post()["outcome"] == "applied"


@pytest.fixture(scope="session")
def build_interposer(tmp_path_factory):
    """Builds a library that stands between a program and the C library."""
    built = {}

    def build(name):
        if name not in built:
            library = tmp_path_factory.mktemp("interposer") / f"{name}.so"
            source = pathlib.Path(__file__).with_name(name)
            command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library, source]
            subprocess.run(command, check=True, timeout=60)
            built[name] = str(library)
        return built[name]

    return build


@pytest.fixture(scope="session")
def interposer(build_interposer):
    """A library that counts and spoils what a program writes."""
    return build_interposer("interpose.c")


@pytest.fixture
def make_clocks(directory, build_interposer):
    """Makes clocks that jump, for one program each."""
    with contextlib.ExitStack() as stack:
        library = build_interposer("suspend.c")
        yield lambda name: stack.enter_context(
            contextlib.closing(Clocks(directory, library, name))
        )


@pytest.fixture
def suspend(start, make_clocks):
    """A daemon on a device that can be suspended."""
    return Suspend(start, make_clocks("daemon"))


@pytest.fixture
def processes():
    """Starts programs, and ends those that the test left running."""
    processes = Processes()
    yield processes
    processes.end()


@pytest.fixture
def device(processes, daemon):
    """This machine's files, for an updater to update, with the daemon's sockets."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a device's files")
    return Device(processes, daemon)
