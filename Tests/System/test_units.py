# SPDX-License-Identifier: Apache-2.0
"""What a real systemd's units call the components in them."""

import subprocess

import pytest
from expect import CAMERA
from rig import COMPONENTS, TESTS, Device, needs_package, needs_systemd

pytestmark = [needs_systemd, needs_package, pytest.mark.systemd]

COMPONENT = ["/usr/bin/python3", f"{TESTS}/child_component.py", COMPONENTS, CAMERA]


@pytest.fixture(scope="module")
def device(tmp_path_factory):
    directory = tmp_path_factory.mktemp("units") / "out"
    linger = "$ROOT/var/lib/systemd/linger"
    prepare = ["useradd --root=$ROOT --uid=1234 rig", f"mkdir -p {linger}", f"touch {linger}/rig"]
    with Device(directory, prepare=prepare) as device:
        yield device


def name_of(device, *command, **options):
    """The name, and the unit, of the one component that connects."""
    program = device.start(*command, stdin=subprocess.PIPE, **options)
    program.line("subscribed")
    [component] = device.status()["components"]
    device.run("kill", "-KILL", str(component["pids"][0]))
    program.end()
    device.wait_for('"components":[]', "reprieve", "status", "--json")
    return component["component"], component.get("unit")


@pytest.mark.parametrize(
    "unit, properties",
    [
        ("camera", []),
        ("till", ["User=nobody"]),
        ("robot", ["DynamicUser=yes"]),
        ("arm", ["Slice=machines-left.slice"]),
        ("sealed", ["DynamicUser=yes", "PrivateUsers=yes", "ProtectSystem=strict"]),
        ("camera@1", []),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_service_names_what_runs_in_it(device, unit, properties):
    named = name_of(device, *COMPONENT, unit=unit, properties=properties)
    assert named == (f"{unit}/{CAMERA}", f"{unit}.service")


def test_an_escaped_instance_is_apart_from_every_other(device):
    named = name_of(device, *COMPONENT, unit=r"camera@a\x2db")
    assert named == (f"camera@a+x2db/{CAMERA}", r"camera@a\x2db.service")


@pytest.mark.parametrize("phase", ["", ".install", ".bootstrap"])
def test_a_greengrass_service_is_its_component(device, phase):
    unit = f"ggl.com.example.Robot{phase}"
    assert name_of(device, *COMPONENT, unit=unit) == ("com.example.Robot", f"{unit}.service")


def test_a_unit_of_a_users_manager_is_the_users(device):
    device.wait_for("active", "systemctl", "is-active", "user@1234.service")
    command = ["systemd-run", "--user", "--quiet", "--wait", "--pipe", "--unit=cam", *COMPONENT]
    environment = "Environment=XDG_RUNTIME_DIR=/run/user/1234"
    named = name_of(device, *command, properties=["User=rig", environment])
    assert named == (f"user@1234/{CAMERA}", "user@1234.service")


def test_a_process_of_root_in_a_scope_is_believed(device):
    named = name_of(device, "systemd-run", "--scope", "--quiet", "--unit=shell", *COMPONENT)
    assert named == (CAMERA, "shell.scope")


def test_another_users_process_in_a_scope_is_not(device):
    as_nobody = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"]
    command = ["systemd-run", "--scope", "--quiet", *as_nobody, *COMPONENT]
    device.run(*command, code=1)
    device.wait_for("which is no service", "journalctl", "--unit=reprieved", "--output=cat")


def test_a_container_of_root_is_not(device):
    command = ["systemd-run", "--scope", "--quiet", "unshare", "--pid", "--fork", *COMPONENT]
    device.run(*command, code=1)
    device.wait_for("in a container", "journalctl", "--unit=reprieved", "--output=cat")
