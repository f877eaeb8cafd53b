# SPDX-License-Identifier: Apache-2.0
"""RAUC's own service installs a bundle, and the restart waits: Samples/updaters/rauc."""

import shlex

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named

SAMPLES = ROOT / "Samples/updaters/rauc"
UPDATE = named("rauc-rootfs.1")
pytestmark = pytest.mark.updaters

BUS = """<busconfig>
  <listen>unix:path=/run/device/bus</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow user="*"/><allow own="*"/><allow send_destination="*"/><allow receive_sender="*"/>
  </policy>
</busconfig>
"""
CONFIGURATION = """[system]
compatible=test
bootloader=custom
[keyring]
path=/data/certificate.pem
[handlers]
bootloader-custom-backend=/data/bootloader
[slot.rootfs.0]
device=/data/a
type=raw
bootname=A
[slot.rootfs.1]
device=/data/b
type=raw
bootname=B
"""
# A boot loader that keeps its variables in files, as RAUC's documentation wants it to be asked.
BOOTLOADER = """#!/bin/sh
case $1 in
get-primary) cat /data/primary ;;
set-primary) echo "$2" >/data/primary ;;
get-state) cat "/data/state-$2" ;;
set-state) echo "$3" >"/data/state-$2" ;;
esac
"""
MANIFEST = """[update]
compatible=test
version=2
[image.rootfs]
filename=rootfs.img
"""
SIZE = 64 * 1024
OLD, NEW = "old\n" * (SIZE // 4), "new\n" * (SIZE // 4)
ENVIRONMENT = {"DBUS_SYSTEM_BUS_ADDRESS": "unix:path=/run/device/bus"}


@pytest.fixture
def bundle(device, tmp_path):
    """A bundle with a new root file system, and the certificate that it is signed by."""
    content = tmp_path / "content"
    content.mkdir()
    (content / "rootfs.img").write_text(NEW)
    (content / "manifest.raucm").write_text(MANIFEST)
    certificate = ["-subj", "/CN=test", "-keyout", "key.pem", "-out", "certificate.pem"]
    steps = [
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", *certificate],
        ["rauc", "bundle", "--cert=certificate.pem", "--key=key.pem", "content", "robot.raucb"],
    ]
    for step in steps:
        device.run("sh", "-c", f"cd {tmp_path} && {shlex.join(step)}")
    return tmp_path / "robot.raucb"


class Slots:
    """A device with two slots, of which it has booted one."""

    def __init__(self, device, certificate):
        self._device = device
        self._service = None
        device.write("/run/device/bus.conf", BUS)
        bus = device.start(
            "dbus-daemon", "--nofork", "--print-address=1", "--config-file=/run/device/bus.conf"
        )
        bus.line("unix:")
        device.write("/etc/rauc/system.conf", CONFIGURATION)
        device.write("/data/certificate.pem", certificate.read_text())
        device.write("/data/bootloader", BOOTLOADER, 0o755)
        for path, text in {"a": OLD, "b": OLD, "primary": "A", "state-A": "good"}.items():
            device.write(f"/data/{path}", text)
        device.write("/data/state-B", "bad")
        for name, path in {"rauc-update": "bin", "rauc-complete": "lib/reprieve"}.items():
            device.install(SAMPLES / name, f"/usr/local/{path}/{name}", 0o755)

    def boot(self, slot):
        """What follows a restart into a slot, up to what reprieve-rauc.service runs."""
        if self._service:
            self._service.signal(15)
            self._service.end()
        self._service = self._device.start(
            "rauc", "service", f"--override-boot-slot={slot}", **ENVIRONMENT
        )
        self._device.run(
            "gdbus", "wait", "--system", "--timeout=20", "de.pengutronix.rauc", **ENVIRONMENT
        )
        self._device.run("rauc", "status", "mark-good", **ENVIRONMENT)
        self._device.run("/usr/local/lib/reprieve/rauc-complete", **ENVIRONMENT)


@pytest.fixture
def slots(device, bundle):
    slots = Slots(device, bundle.with_name("certificate.pem"))
    slots.boot("A")
    return slots


def update(daemon, device, bundle):
    """An update that a camera holds back for a while. Returns when the device is to restart."""
    camera = daemon.component(CAMERA)
    program = device.start("rauc-update", bundle, **ENVIRONMENT)
    notice = camera.notice(30)
    assert (notice["deploymentId"], notice["reason"]) == (UPDATE, "rauc-rootfs.1: robot.raucb")
    assert notice["isGgcRestarting"]
    camera.defer(UPDATE, 60_000, message="recording")
    program.error_line("recording")
    assert (device.read("/data/a"), device.read("/data/b")) == (OLD, NEW)
    assert device.systemctl == []
    camera.acknowledge(UPDATE)
    code, lines, errors = program.end(30)
    assert code == 0, (lines, errors)
    assert device.systemctl == ["reboot"]
    return camera


def test_the_restart_waits_and_not_the_installation(daemon, device, bundle, slots):
    camera = update(daemon, device, bundle)
    slots.boot("B")
    assert camera.post()["outcome"] == "applied"


def test_a_fallback_is_told_as_rolled_back(daemon, device, bundle, slots):
    camera = update(daemon, device, bundle)
    slots.boot("A")
    assert camera.post()["outcome"] == "rolledBack"


def test_every_boot_may_tell_it_again_and_the_next_update_is_another_one(
    daemon, device, bundle, slots
):
    update(daemon, device, bundle)
    slots.boot("A")
    slots.boot("A")
    device.write("/data/primary", "A")
    device.write("/data/b", OLD)
    (device.root / "run/device/systemctl").unlink()
    camera = update(daemon, device, bundle)
    slots.boot("B")
    assert camera.post()["outcome"] == "applied"
