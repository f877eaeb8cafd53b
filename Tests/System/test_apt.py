# SPDX-License-Identifier: Apache-2.0
"""apt itself, and unattended-upgrades, wait for components: Samples/updaters/apt."""

import hashlib
import itertools
import os
import subprocess

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named

SAMPLES = ROOT / "Samples/updaters/apt"
pytestmark = pytest.mark.updaters

# Instead of what the machine is configured with.
CONFIGURATION = """
Dir::Etc::main "/data/none";
Dir::Etc::parts "/data/apt.conf.d";
Dir::Etc::sourcelist "/data/sources.list";
Dir::Etc::sourceparts "/data/none";
Dir::Etc::preferencesparts "/data/none";
Dir::State::lists "/data/lists";
"""
ENVIRONMENT = {"APT_CONFIG": "/data/apt.conf", "DEBIAN_FRONTEND": "noninteractive"}

# A service would be restarted by such a script; this one leaves a trace of when it ran.
SCRIPT = '#!/bin/sh\necho "$DPKG_MAINTSCRIPT_PACKAGE" >>/run/device/restarted\n'


def package(repository, name, version="1", script=SCRIPT, runs="postinst"):
    """Builds a package that restarts something when it is installed."""
    tree = repository / f"{name}-{version}"
    (tree / "DEBIAN").mkdir(parents=True)
    fields = {"Package": name, "Version": version, "Architecture": "all"}
    fields |= {"Maintainer": "nobody <nobody@example.com>", "Description": "a test"}
    control = "".join(f"{key}: {value}\n" for key, value in fields.items())
    (tree / "DEBIAN/control").write_text(control)
    (tree / "DEBIAN" / runs).write_text(script)
    (tree / "DEBIAN" / runs).chmod(0o755)
    built = repository / f"{name}_{version}_all.deb"
    build = ["dpkg-deb", "--root-owner-group", "--build", tree, built]
    subprocess.run(build, check=True, capture_output=True, timeout=60)
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    return f"{control}Filename: ./{built.name}\nSize: {built.stat().st_size}\nSHA256: {digest}\n"


@pytest.fixture
def repository(tmp_path):
    """Signed by nobody, but trusted, and the only one that the device knows."""
    tmp_path.chmod(0o755)
    return tmp_path


@pytest.fixture
def apt(device, repository):
    """Runs apt-get."""
    device.run("mkdir", "-p", "/data/lists/partial")
    device.write("/data/apt.conf", CONFIGURATION)
    device.write("/data/sources.list", f"deb [trusted=yes] file:{repository} ./\n")
    device.install(SAMPLES / "99reprieve", "/data/apt.conf.d/99reprieve")
    device.install(SAMPLES / "apt-hook", "/usr/local/lib/reprieve/apt-hook", 0o755)

    def apt(*arguments):
        return device.start("apt-get", "-y", *arguments, **ENVIRONMENT)

    def offer(*packages):
        content = "\n".join(packages).encode()
        (repository / "Packages").write_bytes(content)
        digest = hashlib.sha256(content).hexdigest()
        release = f"Origin: Test\nSHA256:\n {digest} {len(content)} Packages\n"
        (repository / "Release").write_text(release)
        # A list of the same second would count as not having changed.
        os.utime(repository / "Release", (0, next(apt.times)))
        assert apt("update").end(60)[0] == 0

    apt.offer = offer
    apt.times = itertools.count(1_000_000_000)
    return apt


@pytest.fixture
def restarted(device):
    """The packages whose scripts have run."""
    path = device.root / "run/device/restarted"
    return lambda: sorted(path.read_text().split()) if path.exists() else []


def test_apt_waits_for_a_component_before_it_installs(daemon, repository, apt, restarted):
    apt.offer(package(repository, "robot-control"))
    camera = daemon.component(CAMERA)
    program = apt("install", "robot-control")
    notice = camera.notice(30)
    assert notice["reason"] == "apt: robot-control"
    camera.defer(named("apt"), 60_000, message="recording")
    program.error_line("recording")
    assert restarted() == []
    camera.acknowledge(named("apt"))
    assert program.end(30)[0] == 0
    assert restarted() == ["robot-control"]
    assert camera.post()["outcome"] == "applied"


def test_a_package_that_fails_is_told_as_failed(daemon, repository, apt):
    apt.offer(package(repository, "robot-control", script="#!/bin/sh\nexit 1\n"))
    camera = daemon.component(CAMERA)
    program = apt("install", "robot-control")
    camera.notice(30)
    camera.acknowledge(named("apt"))
    assert program.end(30)[0] == 100
    assert camera.post()["outcome"] == "failed"


def test_a_package_that_dpkg_takes_back_is_told_as_failed(daemon, device, repository, apt):
    camera = daemon.component(CAMERA)

    def install(*names):
        program = apt("install", *names)
        camera.notice(30)
        camera.acknowledge(named("apt"))
        return program.end(30)[0], camera.post()["outcome"]

    apt.offer(package(repository, "robot-control"), package(repository, "robot-arm", "1:1~a"))
    assert install("robot-control", "robot-arm") == (0, "applied")
    fails = package(repository, "robot-control", "2", script="#!/bin/sh\nexit 1\n", runs="preinst")
    apt.offer(fails)
    assert install("robot-control") == (100, "failed")
    assert device.run("dpkg", "--audit") == []
    removal = apt("remove", "robot-arm")
    assert camera.notice(30)["reason"] == "apt: removes packages"
    camera.acknowledge(named("apt"))
    assert (removal.end(30)[0], camera.post()["outcome"]) == (0, "applied")


def test_apt_stops_when_the_operator_cancels(daemon, repository, apt, restarted):
    apt.offer(package(repository, "robot-control"))
    camera = daemon.component(CAMERA)
    program = apt("install", "robot-control")
    camera.notice(30)
    camera.defer(named("apt"), 60_000)
    daemon.coordinator().cancel(named("apt"))
    assert program.end(30)[0] == 100
    assert restarted() == []
    assert camera.post()["outcome"] == "cancelled"


def test_apt_goes_ahead_where_there_is_no_broker(daemon, repository, apt, restarted):
    apt.offer(package(repository, "robot-control"))
    daemon.stop()
    code, _, errors = apt("install", "robot-control").end(30)
    assert code == 0, errors
    assert restarted() == ["robot-control"]


def test_an_apt_that_died_is_made_up_for_by_the_next_one(daemon, repository, apt):
    apt.offer(package(repository, "robot-control"))
    camera = daemon.component(CAMERA)
    gate = daemon.coordinator().gate(named("apt"), reason="another one")
    camera.notice()
    camera.acknowledge(named("apt"))
    gate.released()
    program = apt("install", "robot-control")
    assert camera.post(30)["outcome"] == "failed"
    assert camera.notice(30)["reason"] == "apt: robot-control"
    camera.acknowledge(named("apt"))
    assert program.end(30)[0] == 0


def test_unattended_upgrades_ask_once_for_all_packages(
    daemon, device, repository, apt, restarted
):
    names = ["robot-arm", "robot-control"]
    apt.offer(*[package(repository, name) for name in names])
    camera = daemon.component(CAMERA)
    first = apt("install", *names)
    camera.notice(30)
    camera.acknowledge(named("apt"))
    assert first.end(30)[0] == 0
    assert camera.post()["outcome"] == "applied"

    apt.offer(*[package(repository, name, "2") for name in names])
    device.write(
        "/data/apt.conf.d/50unattended-upgrades",
        'Unattended-Upgrade::Origins-Pattern { "origin=Test"; };\n',
    )
    program = device.start("unattended-upgrade", "--verbose", **ENVIRONMENT)
    assert camera.notice(30)["reason"] == "apt: robot-arm robot-control"
    assert restarted() == names
    camera.acknowledge(named("apt"))
    code, lines, errors = program.end(30)
    assert code == 0, (lines, errors)
    assert camera.post()["outcome"] == "applied"
    assert restarted() == sorted(names * 2)
