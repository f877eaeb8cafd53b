# SPDX-License-Identifier: Apache-2.0
"""A machine with the daemon in its units, components in units of their own, and a nucleus."""

import json
import re
import subprocess

from daemon import BUILD, ROOT
from protocol import TIMEOUT
from rig import TESTS, Guest

SOCKET = "/run/reprieve/ipc.socket"

NUCLEUS = """
[Unit]
After=camera.service robot.service
[Service]
ExecStart=/usr/bin/sleep infinity
TimeoutStopSec=2
"""

PACKAGING = ROOT / "Packaging/systemd"
OURS = ["reprieved.socket", "reprieved-control.socket", "reprieved.service"]
UNITS = "/etc/systemd/system"


class Machine(Guest):
    """Its daemon runs, and it goes down on command."""

    def __init__(self, directory, limit="10s", configuration="", files={}, texts={}, **options):
        files = {
            BUILD / "reprieved": "/usr/sbin/reprieved",
            BUILD / "reprieve": "/usr/bin/reprieve",
            **{PACKAGING / name: f"{UNITS}/{name}" for name in OURS},
        } | files
        texts = {
            "/etc/systemd/logind.conf.d/zz-limit.conf": f"[Login]\nInhibitDelayMaxSec={limit}\n",
            "/etc/reprieve/reprieved.conf": configuration,
        } | texts
        users = f"systemd-sysusers --root=$ROOT {PACKAGING}/sysusers.conf"
        super().__init__(directory, files=files, texts=texts, prepare=[users], **options)
        self._programs = []

    def __enter__(self):
        super().__enter__()
        self.run("systemctl", "start", *OURS)
        return self

    def __exit__(self, *what):
        super().__exit__(*what)
        for program in self._programs:
            program.process.kill()
            program.end()

    def component(self, name):
        """A component in a unit of its own that does as it is told: child_component.py."""
        program = self.start(
            "/usr/bin/python3", f"{TESTS}/child_component.py", SOCKET, name, unit=name,
            properties=["After=reprieved.service", "Environment=PYTHONDONTWRITEBYTECODE=1"],
            stdin=subprocess.PIPE,
        )  # fmt: skip
        self._programs.append(program)
        program.line("subscribed")
        return Component(program)

    def reprieve(self, *arguments, **options):
        return self.run("reprieve", *arguments, **options)

    def start_reprieve(self, *arguments, **options):
        self._programs.append(self.start("reprieve", *arguments, **options))
        return self._programs[-1]

    def history(self):
        return json.loads(self.reprieve("history", "--json"))["decisions"]

    def inhibitors(self, kind):
        """Lines of `systemd-inhibit --list` of one mode, ours alone."""
        lines = self.run("systemd-inhibit", "--list", "--no-pager").splitlines()
        return [line for line in lines if "reprieved" in line and line.endswith(kind)]

    def await_log(self, text, unit="reprieved"):
        """Waits until a unit has said something."""
        follow = 'grep -m1 -F -- "$1" < <(journalctl --follow --lines=all --output=cat -u "$2")'
        return self.run("bash", "-c", follow, "bash", text, unit)

    def logind(self, property):
        name, path = "org.freedesktop.login1", "/org/freedesktop/login1"
        command = ["busctl", "get-property", name, path, f"{name}.Manager", property]
        return self.run(*command).split()[-1]


class Component:
    def __init__(self, program):
        self._program = program

    def notice(self, timeout=TIMEOUT):
        return json.loads(self._program.line("preUpdateEvent", timeout))["preUpdateEvent"]

    def post(self, timeout=TIMEOUT):
        return json.loads(self._program.line("postUpdateEvent", timeout))["postUpdateEvent"]

    def answer(self, deployment, milliseconds, **more):
        """Returns what is granted, once it is."""
        self.say(deployment, milliseconds, **more)
        return json.loads(self._program.line("grantedMs"))["grantedMs"]

    def say(self, deployment, milliseconds, **more):
        self._program.say(deploymentId=deployment, recheckAfterMs=milliseconds, **more)

    def heard(self):
        """All that it has ever heard, once its machine is down."""
        return self._program.end()[1]


class Journal:
    """What a machine's journal says, and when."""

    def __init__(self, machine):
        self.text = machine.journal()

    def time(self, *words):
        """When the first line came that has all these words."""
        for line in self.text.splitlines():
            if all(word in line for word in words):
                return float(re.match(r"\d+\.\d+", line).group())
        raise AssertionError(f"nothing says {words}:\n{self.text}")
