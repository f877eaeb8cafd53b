# SPDX-License-Identifier: Apache-2.0
"""What the tests on a real systemd stand on."""

import pytest
from rig import Guest, needs_systemd

pytestmark = [needs_systemd, pytest.mark.systemd]


def test_a_script_runs_inside_and_its_end_is_the_machines(tmp_path):
    script = "#!/bin/sh\ncat /greeting\nsystemctl is-system-running\nexit 3\n"
    guest = Guest(tmp_path / "out", script, texts={"/greeting": "hello\n"})
    assert (guest.wait(), guest.code) == ("poweroff", 3)
    assert guest.output() == "hello\nrunning\n"
    assert "Reached target poweroff.target" in guest.journal()


def test_it_does_as_it_is_told_and_boots_again(tmp_path):
    with Guest(tmp_path / "out", boots=2) as guest:
        said = guest.run("sh", "-c", "cat /proc/self/cgroup; exit 4", unit="try", code=4)
        assert said.endswith("/system.slice/try.service\n")
        guest.run("touch", "/var/kept", "/run/lost")
        guest.run("systemctl", "reboot")
        guest.wait_until_up()
        assert guest.run("sh", "-c", "ls /var/kept /run/lost", code=2) == "/var/kept\n"
        assert guest.power_off() == "poweroff"
    assert guest.summary()["boot1_end"] == "reboot"
