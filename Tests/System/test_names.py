# SPDX-License-Identifier: Apache-2.0
"""Who is who: what the kernel, systemd and a claim make of a connection."""

import os
import pathlib
import resource
import shutil
import signal
import subprocess
import sys

import pytest
from daemon import NOBODY, Daemon, open_elsewhere, stay_elsewhere
from expect import CAMERA, log_lines
from processes import HERE
from protocol import ACCEPTED

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can be somebody else")


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """What knows units in systemd's place."""
    compiler = shutil.which("cc") or shutil.which("clang")
    if not compiler:
        pytest.skip("there is no C compiler")
    path = tmp_path_factory.mktemp("units") / "units.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-o", path, HERE / "units.c"], check=True)
    return path


class Units:
    def __init__(self, directory, library):
        self.file = pathlib.Path(directory) / "units"
        self.file.touch()
        self.environment = {"LD_PRELOAD": str(library), "REPRIEVE_TEST_UNITS": str(self.file)}

    def set(self, *names, pid=None):
        """Puts a process, or else this one, into a unit."""
        self.file.write_text(" ".join([str(pid or os.getpid()), *names]) + "\n")


@pytest.fixture
def units(directory, library):
    return Units(directory, library)


@pytest.fixture
def daemon(directory, units):
    daemon = Daemon(directory, names_by_unit=True, environment=units.environment)
    yield daemon
    daemon.stop()


def names(daemon):
    return [component["component"] for component in daemon.coordinator().status()["components"]]


def flags(connection, **payload):
    connection.say_connect(payload=payload)
    return connection.next_frame().flags


def test_a_service_names_its_processes(daemon, units):
    units.set("camera.service")
    assert flags(daemon.connection()) == ACCEPTED
    assert flags(daemon.connection(), authToken="RANDOM") == ACCEPTED
    status = daemon.coordinator().status()
    assert status["components"] == [
        {"component": "camera", "connections": 2, "pids": [os.getpid()], "unit": "camera.service"}
    ]


def test_a_claim_inside_a_service_stays_inside(daemon, units):
    units.set("evil.service")
    assert flags(daemon.connection(), componentName=CAMERA) == ACCEPTED
    assert flags(daemon.connection(), authToken=CAMERA) == ACCEPTED
    assert names(daemon) == [f"evil/{CAMERA}"]


@pytest.mark.parametrize(
    "unit, name",
    [
        ([f"ggl.{CAMERA}.service"], CAMERA),
        ([f"ggl.{CAMERA}.install.service"], CAMERA),
        ([f"ggl.{CAMERA}.bootstrap.service"], CAMERA),
        (["camera@1.service"], "camera@1/x.y"),
        ([r"camera@a\x2db.service"], "camera@a+x2db/x.y"),
        (["user@1001.service", "cam.service"], "user@1001/x.y"),
        (["session-2.scope"], "x.y"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else "",
)
def test_each_kind_of_unit_has_its_name(daemon, units, unit, name):
    units.set(*unit)
    assert flags(daemon.connection(), componentName="x.y") == ACCEPTED
    assert names(daemon) == [name]


@as_root
def test_another_users_process_is_named_by_its_service_and_by_nothing_else(daemon, units):
    with stay_elsewhere(daemon.component_socket, user=NOBODY) as connection:
        assert flags(connection, componentName=CAMERA) == 0
    units.set("camera.service", pid=0)
    with stay_elsewhere(
        daemon.component_socket, user=NOBODY, before=lambda pid: units.set("till.service", pid=pid)
    ) as connection:
        assert flags(connection, componentName=CAMERA) == ACCEPTED
        assert names(daemon) == [f"till/{CAMERA}"]


@pytest.mark.parametrize("name", ["", "x" * 10_240, "a\x1b[2J\nb", "a b", "b/c"], ids=ascii)
def test_a_malformed_name_is_denied_in_a_service_too(daemon, units, name):
    assert flags(daemon.connection(), componentName=name) == 0
    units.set("camera.service")
    assert flags(daemon.connection(), componentName=name) == 0
    assert len(log_lines(daemon, "denied")) == 1, "the same user's is counted, and logged later"
    log = daemon.log.read_text()
    assert all(character.isprintable() or character == "\n" for character in log)
    assert all(len(line) < 300 for line in log.splitlines())


def test_a_process_that_ended_before_it_was_looked_at_has_no_name(daemon):
    daemon.process.send_signal(signal.SIGSTOP)
    connection = daemon.keep(open_elsewhere(daemon.component_socket))
    daemon.process.send_signal(signal.SIGCONT)
    assert flags(connection, componentName=CAMERA) == 0
    assert log_lines(daemon, "has ended")


@as_root
@pytest.mark.parametrize(
    "unit, groups",
    [
        ([], 0),
        # So many that the kernel's description of the process is very long.
        ([], 20_000),
        (["docker-0a1b.scope"], 0),
        # Podman without root, and the broker of the same user.
        (["user@0.service", "libpod-0a1b.scope"], 0),
    ],
)
def test_a_container_is_not_believed_though_its_user_is_root(
    daemon, units, processes, unit, groups
):
    if unit:
        units.set(*unit, pid=-1)
    join = "import os, sys; os.setgroups(range(int(sys.argv[1])))"
    join += "; os.execv(sys.argv[2], sys.argv[2:])"
    component = [sys.executable, HERE / "child_component.py", daemon.component_socket, CAMERA]
    start = [sys.executable, "-c", join, groups, *component]
    contained = processes.start("unshare", "--pid", "--fork", *map(str, start))
    code, _, _ = contained.end()
    assert code != 0
    assert log_lines(daemon, "container")


def test_a_process_that_cannot_be_looked_up_is_not_believed(daemon, units):
    units.set("failing")
    for _ in range(3):
        assert flags(daemon.connection(), componentName=CAMERA) == 0
    assert len(log_lines(daemon, "cannot look up the unit of a connecting process")) == 1
    assert log_lines(daemon, "its process could not be looked up")
    units.set("camera.service")
    assert flags(daemon.connection(), componentName=CAMERA) == ACCEPTED
    assert names(daemon) == [f"camera/{CAMERA}"]


def test_nor_is_one_for_whose_look_up_no_descriptor_is_left(daemon):
    used = max(int(name) for name in os.listdir(f"/proc/{daemon.process.pid}/fd")) + 1
    # One more is left, for the connection; look-ups have none.
    resource.prlimit(daemon.process.pid, resource.RLIMIT_NOFILE, (used + 1, used + 1))
    assert daemon.connection().ends()
    assert log_lines(daemon, "EMFILE")


@pytest.mark.skipif(os.path.isdir("/run/systemd/system"), reason="systemd runs here")
def test_that_there_is_no_systemd_is_said_once(directory):
    daemon = Daemon(directory, names_by_unit=True)
    for _ in range(3):
        daemon.component()
    assert daemon.log.read_text().count("systemd is not running") == 1
    daemon.stop()


def test_the_operator_can_do_without_units(directory, units):
    daemon = Daemon(directory, environment=units.environment)
    units.set("camera.service")
    assert flags(daemon.connection(), componentName=CAMERA) == ACCEPTED
    assert names(daemon) == [CAMERA]
    daemon.stop()


def test_peers_that_wait_while_the_daemon_is_busy_keep_their_names(daemon, units):
    """Who connected before the daemon came to accept is looked up all the same."""
    units.set("camera.service")
    daemon.process.send_signal(signal.SIGSTOP)
    connections = [daemon.connection() for _ in range(5)]
    for connection in connections:
        connection.say_connect()
    daemon.process.send_signal(signal.SIGCONT)
    assert [connection.next_frame().flags for connection in connections] == [ACCEPTED] * 5
    assert names(daemon) == ["camera"]
