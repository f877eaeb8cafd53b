# SPDX-License-Identifier: Apache-2.0
"""A component in a container: the socket is mounted, and a token says who it is."""

import os
import pathlib
import subprocess

import pytest
from daemon import BUILD
from expect import ROBOT
from samples import SAMPLES

COMPONENT = SAMPLES / "python-component/component.py"
CONTAINER = pathlib.Path(__file__).with_name("container.sh")

# The runtime of a test that may itself run in a container, whose limits and groups it cannot raise.
CONTAINERS_CONF = """[containers]
cgroups = "disabled"
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
log_driver = "none"
netns = "none"
[engine]
cgroup_manager = "cgroupfs"
"""
STORAGE_CONF = """[storage]
driver = "vfs"
graphroot = "/data/storage"
runroot = "/run/storage"
"""


@pytest.fixture
def daemon(start, directory):
    """It knows one token."""
    file = directory + "/tokens"
    issue = [BUILD / "reprieve", "token", ROBOT, "--tokens", file]
    issued = subprocess.run(issue, check=True, capture_output=True, text=True, timeout=20)
    daemon = start("--tokens-file", file)
    daemon.token = issued.stdout.strip()
    return daemon


@pytest.fixture
def contained(daemon, processes):
    """Starts the component in namespaces of its own."""
    attempt = ["unshare", "--mount"] + ([] if os.geteuid() == 0 else ["--map-root-user"])
    if subprocess.run([*attempt, "true"], capture_output=True, timeout=20).returncode:
        pytest.skip("this user may make no namespaces")

    def start(token):
        socket = daemon.component_socket
        python = ["/usr/bin/python3", "/component", ROBOT, "1"]
        environment = {"SVCUID": token, "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
        return processes.start(
            "sh", CONTAINER, socket, COMPONENT, *python, env=environment
        )

    return start


def test_a_token_says_who_is_in_a_container(daemon, contained):
    program = contained(daemon.token)
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d", policy={"require": [ROBOT]})
    program.line("not now")
    gate.shows(ROBOT, "deferred")
    assert gate.released()["participants"] == [ROBOT]
    coordinator.complete("d")
    program.line("the update is over: applied")


def test_what_a_container_says_of_itself_is_not_believed(daemon, contained):
    program = contained(ROBOT)
    program.line("does not let us in")
    assert daemon.coordinator().status()["components"] == []


@pytest.mark.updaters
def test_podman_runs_the_component(daemon, device):
    device.write("/data/containers.conf", CONTAINERS_CONF)
    device.write("/data/storage.conf", STORAGE_CONF)
    device.run("mkdir", "-p", "/data/image/usr")
    device.run("ln", "-s", "usr/lib", "usr/lib64", "usr/bin", "/data/image")
    # The samples' run.sh as it is, but for an image that need not be downloaded.
    device.run("mount", "-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")
    files = ["--volume", "/usr:/usr:ro", "--volume", f"{COMPONENT}:/component:ro"]
    program = device.start(
        *[SAMPLES / "container/run.sh", *files, "--rootfs", "/data/image"],
        *["/usr/bin/python3", "/component", ROBOT, "1"],
        CONTAINERS_CONF="/data/containers.conf",
        CONTAINERS_STORAGE_CONF="/data/storage.conf",
        SVCUID=daemon.token,
    )
    coordinator = daemon.coordinator()
    gate = coordinator.gate("d", policy={"require": [ROBOT]})
    program.line("not now", timeout=30)
    gate.shows(ROBOT, "deferred")
    assert gate.released()["participants"] == [ROBOT]
    coordinator.complete("d")
    program.line("the update is over: applied")
