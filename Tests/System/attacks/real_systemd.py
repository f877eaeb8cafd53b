# SPDX-License-Identifier: Apache-2.0
"""Plays attacks against the daemon of this machine, a service of its systemd. Prints a table.

An attack that only makes something slow is played again: the machine may have been busy.

    python3 -m attacks.real_systemd ATTACK...

To be run as root, in no unit: the honest are then known by the names that they claim.
"""

import pathlib
import subprocess
import sys

from attacks import ATTACKS
from attacks.play import SPIN, Play
from attacks.result import table

GROUPS = pathlib.Path("/sys/fs/cgroup")
MANAGER = "user.slice/user-{user}.slice/{unit}/app.slice"


class Service:
    """reprieved.service, as far as a play looks at a daemon."""

    directory = pathlib.Path("/run/reprieve")
    component_socket, control_socket = directory / "ipc.socket", directory / "control.socket"

    def __init__(self):
        self.log = self.process = self
        self.pid = int(self._show("MainPID"))

    def _show(self, what):
        command = ["systemctl", "show", "--value", f"--property={what}", "reprieved.service"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    def poll(self):
        """None while its process is the first one."""
        return None if self._show("MainPID") == str(self.pid) else self._show("ExecMainStatus")

    def read_text(self, errors=""):
        """All that it has logged."""
        subprocess.run(["journalctl", "--sync"], check=True)
        command = ["journalctl", "--quiet", "--output=cat", "--unit=reprieved.service"]
        return subprocess.run(command, check=True, capture_output=True).stdout.decode(
            errors="replace"
        )

    def statistics(self):
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return {name: value.strip() for name, value in (line.split(":", 1) for line in lines)}


class ControlGroups:
    """Units as systemd knows them: by the control groups of their processes."""

    def place(self, units):
        for process, unit in units.items():
            manager, _, inner = unit.partition(" ")
            path = f"system.slice/{manager}"
            if inner:
                user = manager.removeprefix("user@").removesuffix(".service")
                path = f"{MANAGER.format(user=user, unit=manager)}/{inner}"
            group = GROUPS / path
            group.mkdir(parents=True, exist_ok=True)
            (group / "cgroup.procs").write_text(str(process))


def play(service, attack, tries=3):
    """Plays an attack beside a reference, again where only something was slow."""
    for _ in range(tries):
        reference = Play(SPIN, service, ControlGroups(), 0.5).run()
        result = Play(attack, service, ControlGroups()).run()
        complaints = result.complaints(reference)
        if complaints != result.slow(reference) or not complaints:
            break
    return result, complaints


def main(names):
    service, complaints = Service(), []
    results, verdicts = [], []
    for name in names:
        result, found = play(service, ATTACKS[name])
        results.append(result)
        verdicts.append("; ".join(found) or "holds")
        complaints += [f"{name}: {one}" for one in found]
    print(table(results, verdicts), flush=True)
    sys.exit("\n".join(complaints) or 0)


if __name__ == "__main__":
    main(sys.argv[1:])
