# SPDX-License-Identifier: Apache-2.0
"""A restart into an image of bootc waits, and health checks vote: Samples/updaters/bootc.

bootc is not in Debian 12: a script stands for it.
"""

import json

import pytest
from daemon import ROOT
from expect import CAMERA
from protocol import named

SAMPLES = ROOT / "Samples/updaters/bootc"
OLD, NEW = "sha256:01d", "sha256:4e3"
pytestmark = pytest.mark.updaters

BOOTC = """#!/bin/sh
[ "$1" != status ] || exec cat /run/device/status
echo "$*" >>/run/device/bootc
"""
# The only filter that the samples use.
JQ = """#!/usr/bin/env python3
import json, sys
value = json.load(sys.stdin)
for key in sys.argv[2].split()[0].strip(".").split("."):
    value = (value or {}).get(key)
print(value or "")
"""


@pytest.fixture
def bootc(device):
    for name in ["bootc-update", "bootc-vote"]:
        device.install(SAMPLES / name, f"/usr/local/bin/{name}", 0o755)
    device.write("/usr/local/bin/bootc", BOOTC, 0o755)
    device.write("/usr/local/bin/jq", JQ, 0o755)
    return device


def has(device, **images):
    images = {name: {"image": {"imageDigest": digest}} for name, digest in images.items()}
    device.write("/run/device/status", json.dumps({"status": images}))


def restarted(daemon, bootc):
    """A camera that has let the device restart into the new image."""
    camera = daemon.component(CAMERA)
    has(bootc, booted=OLD, staged=NEW)
    program = bootc.start("/usr/local/bin/bootc-update")
    assert camera.notice()["isGgcRestarting"]
    assert bootc.read("/run/device/bootc") == "upgrade --download-only\n"
    camera.acknowledge(named(f"bootc-{NEW}"))
    assert program.end()[0] == 0
    assert bootc.read("/run/device/bootc").endswith("\nupgrade --from-downloaded --apply\n")
    return camera


def test_an_image_that_passes_its_checks_is_applied(daemon, bootc):
    camera = restarted(daemon, bootc)
    has(bootc, booted=NEW, rollback=OLD)
    bootc.run("/usr/local/bin/bootc-vote")
    assert camera.post()["outcome"] == "applied"


def test_an_image_whose_checks_fail_is_rolled_back(daemon, bootc):
    camera = restarted(daemon, bootc)
    has(bootc, booted=OLD, rollback=NEW)
    bootc.run("/usr/local/bin/bootc-vote")
    assert camera.post()["outcome"] == "rolledBack"


def test_without_a_new_image_nobody_is_asked(daemon, bootc):
    has(bootc, booted=OLD)
    bootc.run("/usr/local/bin/bootc-update")
    assert daemon.coordinator().status()["updates"] == []
