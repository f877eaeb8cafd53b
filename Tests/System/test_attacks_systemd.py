# SPDX-License-Identifier: Apache-2.0
"""Attacks on the daemon in its sandbox, as a service of a real systemd."""

import subprocess

import pytest
from machine import Machine
from rig import PACKAGE, TESTS, Device, needs_systemd

pytestmark = [needs_systemd, pytest.mark.systemd]

# One of each kind.
CHOSEN = [
    "silent-connections", "connection-churn", "denied-in-a-loop", "half-frames", "unread-answers",
    "wide-objects-before-connect", "subscriptions-of-many-names", "many-names", "owed-posts",
    "standing-in-for-a-required-name", "breaking-final-askings", "the-daemons-process",
]  # fmt: skip


@pytest.fixture
def machine(tmp_path):
    """With the package installed; if there is none, with what was built in the package's units."""
    with (Device if PACKAGE else Machine)(tmp_path / "out") as machine:
        yield machine


def shown(machine, *properties):
    wanted = [f"--property={one}" for one in properties]
    return machine.run("systemctl", "show", "reprieved.service", *wanted).splitlines()


# It compares times, so it is run alone.
@pytest.mark.attacks
@pytest.mark.longest(150)
def test_the_honest_are_served_beside_attacks_on_the_sandboxed_daemon(machine):
    play = machine.enter(
        "env", f"PYTHONPATH={TESTS}", "PYTHONDONTWRITEBYTECODE=1", "python3", "-m",
        "attacks.real_systemd", *CHOSEN,
    )  # fmt: skip
    # In the control group of the machine's first process, from which it may move to units.
    enter = 'echo $$ >"$0/payload/init.scope/cgroup.procs" && exec "$@"'
    command = ["sh", "-c", enter, machine.summary()["cgroup"], *play]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
    assert shown(machine, "NRestarts") == ["NRestarts=0"]


def test_nobody_else_can_tell_systemd_what_the_daemon_does(machine):
    said = ("MainPID", "ActiveState", "SubState", "StatusText", "NRestarts", "Result")
    before = shown(machine, *said)
    pid = before[0].removeprefix("MainPID=")
    forge = ["/usr/bin/python3", f"{TESTS}/attacks/forged_notifications.py", pid]
    for more in ([], ["NotifyAccess=all"]):
        # What is believed of its own unit may end that.
        sent = machine.run(*forge, properties=["User=nobody", *more], code=None)
        assert "sent" in sent
    assert machine.run("reprieve", "status")
    assert shown(machine, *said) == before
