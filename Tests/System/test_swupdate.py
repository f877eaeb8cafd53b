# SPDX-License-Identifier: Apache-2.0
"""SWUpdate itself installs an image, and the restart waits: Samples/updaters/swupdate."""

import hashlib
import shlex

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named

SAMPLES = ROOT / "Samples/updaters/swupdate"
pytestmark = pytest.mark.updaters

CONFIGURATION = """globals : {
    public-key-file = "/data/certificate.pem";
    postupdatecmd = "/usr/local/lib/reprieve/swupdate-restart";
};
"""
DESCRIPTION = """software = {{
    version = "2";
    hardware-compatibility: ["1.0"];
    images: ({{ filename = "rootfs.img"; device = "/data/b"; type = "raw"; sha256 = "{}"; }});
}}
"""
# With an image of a few kilobytes, SWUpdate 2022.12 at times misses that it has installed it.
OLD, NEW = "old\n" * 1000, "new\n" * 5_000_000


@pytest.fixture
def update(device, tmp_path):
    """A signed update with a new root file system."""

    def run(*command):
        device.run("sh", "-c", f"cd {tmp_path} && {shlex.join(command)}")

    (tmp_path / "rootfs.img").write_text(NEW)
    digest = hashlib.sha256(NEW.encode()).hexdigest()
    (tmp_path / "sw-description").write_text(DESCRIPTION.format(digest))
    request = ["-subj", "/CN=test", "-addext", "extendedKeyUsage=emailProtection", "-days", "2"]
    files = ["-keyout", "key.pem", "-out", "certificate.pem"]
    run("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *request, *files)
    signature = ["-in", "sw-description", "-out", "sw-description.sig", "-outform", "DER"]
    signer = ["-signer", "certificate.pem", "-inkey", "key.pem", "-nosmimecap", "-binary"]
    run("openssl", "cms", "-sign", *signature, *signer)
    (tmp_path / "list").write_text("sw-description\nsw-description.sig\nrootfs.img\n")
    run("sh", "-c", "cpio --create --format=crc <list >robot.swu")
    return tmp_path / "robot.swu"


@pytest.fixture
def swupdate(device, update):
    """Starts the installation of the update on a device whose idle slot is /data/b."""
    device.write("/data/b", OLD)
    device.write("/data/swupdate.cfg", CONFIGURATION)
    device.write("/data/certificate.pem", update.with_name("certificate.pem").read_text())
    device.write("/etc/fw_env.config", "/data/variables 0 0x2000\n")
    device.write("/data/variables", "\0" * 0x2000)
    for name in ["swupdate-restart", "swupdate-complete"]:
        device.install(SAMPLES / name, f"/usr/local/lib/reprieve/{name}", 0o755)

    def swupdate():
        options = ["-f", "/data/swupdate.cfg", "-l", "5", "-H", "test:1.0", "-i", update]
        return device.start("swupdate", *options)

    return swupdate


@pytest.mark.parametrize(("ustate", "outcome"), [(1, "applied"), (3, "rolledBack")])
def test_the_restart_waits_and_not_the_installation(daemon, device, swupdate, ustate, outcome):
    camera = daemon.component(CAMERA)
    program = swupdate()
    assert camera.notice(30)["isGgcRestarting"]
    camera.defer(named("swupdate"), 60_000, message="recording")
    program.line("recording")
    assert device.read("/data/b").startswith(NEW)
    assert device.systemctl == []
    camera.acknowledge(named("swupdate"))
    code, lines, errors = program.end(30)
    assert code == 0, (lines, errors)
    assert device.systemctl == ["reboot"]
    # What the boot loader makes of it. SWUpdate would set it to 1, if it had one here.
    device.write("/data/script", f"ustate={ustate}\n")
    device.run("fw_setenv", "--defenv", "/data/script", "--script", "/data/script")
    device.run("/usr/local/lib/reprieve/swupdate-complete")
    assert camera.post()["outcome"] == outcome


def test_what_is_cancelled_does_not_restart(daemon, device, swupdate):
    camera = daemon.component(CAMERA)
    program = swupdate()
    camera.notice(30)
    camera.defer(named("swupdate"), 60_000)
    daemon.coordinator().cancel(named("swupdate"))
    assert program.end(30)[0] != 0
    assert device.systemctl == []
    assert camera.post()["outcome"] == "cancelled"


def test_a_boot_without_an_update_tells_nothing(daemon, device, swupdate):
    device.write("/data/script", "ustate=0\n")
    device.run("fw_setenv", "--defenv", "/data/script", "--script", "/data/script")
    device.run("/usr/local/lib/reprieve/swupdate-complete")


def test_a_boot_after_an_update_that_was_not_announced_is_no_error(device):
    device.write("/usr/local/bin/fw_printenv", "#!/bin/sh\necho 1\n", 0o755)
    device.install(SAMPLES / "swupdate-complete", "/usr/local/bin/swupdate-complete", 0o755)
    device.run("/usr/local/bin/swupdate-complete")
