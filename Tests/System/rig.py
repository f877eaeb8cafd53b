# SPDX-License-Identifier: Apache-2.0
"""A machine of its own with a real systemd, for a test: Tests/Systemd/boot-systemd.sh."""

import json
import os
import pathlib
import select
import subprocess
import time

import pytest
from daemon import BUILD, ROOT
from processes import HERE, Program
from protocol import TIMEOUT

BOOT = ROOT / "Tests/Systemd/boot-systemd.sh"
BOOT_TIMEOUT = 30
# Packaging/build-deb.sh has printed it.
PACKAGE = os.environ.get("REPRIEVE_PACKAGE", "")
COMPONENTS, CONTROL = "/run/reprieve/ipc.socket", "/run/reprieve/control.socket"

# What `prepare` does to boot an image with the built programs.
UNITS = sorted(path.name for path in (ROOT / "Packaging/systemd").glob("reprieve*.[st]*"))
IMAGE = [
    f"{ROOT}/Packaging/install.sh {BUILD} $ROOT",
    "systemd-sysusers --root=$ROOT reprieve.conf",
    f"systemctl --root=$ROOT preset {' '.join(UNITS)}",
]

# Where the tests' own programs are inside, and what they import: /tmp is another one there.
TESTS = "/reprieve/Tests/System"
PROGRAMS = {HERE: TESTS, ROOT / "Protocol/conformance": "/reprieve/Protocol/conformance"}

# The script that a machine runs which does as it is told from outside.
WAIT = "#!/bin/sh\necho up >/rig/up\nread -r _ </rig/down\n"


def why_not():
    """Why there can be no such machine here; nothing if there can be one."""
    checked = subprocess.run([BOOT, "--check"], capture_output=True, text=True, timeout=60)
    return checked.stderr.strip()


WHY_NOT = why_not()
needs_systemd = pytest.mark.skipif(bool(WHY_NOT), reason=WHY_NOT)
needs_package = pytest.mark.skipif(
    not PACKAGE, reason="REPRIEVE_PACKAGE is not set; run Tests/run.sh systemd"
)


class Guest:
    """Boots such a machine, and runs one script in it, or what it is told while it is up.

        with Guest(directory, files={BUILD / "reprieved": "/usr/bin/reprieved"}) as guest:
            guest.run("systemctl", "start", "reprieved")
            guest.run("systemctl", "reboot")
            assert guest.wait() == "reboot"
            assert "Stopped reprieved" in guest.journal()

    `files` are copied in, `texts` written, and `prepare` are shell commands that run before the
    boot, with ROOT=the top of its tree. `directory`/rig is /rig inside.
    """

    def __init__(
        self, directory, script=WAIT, files={}, texts={}, prepare=(), boots=1, timeout=120
    ):
        self.directory = pathlib.Path(directory)
        self.rig = self.directory / "rig"
        self.rig.mkdir(parents=True)
        for name in ["up", "down"]:
            os.mkfifo(self.rig / name)
        # Opened for both, an end never runs dry.
        self._up = os.open(self.rig / "up", os.O_RDWR | os.O_NONBLOCK)
        self._down = os.open(self.rig / "down", os.O_RDWR | os.O_NONBLOCK)
        (self.directory / "script").write_text(script)
        options = [f"--boots={boots}", f"--timeout={timeout}"]
        options += [f"--prepare={command}" for command in prepare]
        options += [f"--copy={source}:{place}" for source, place in (PROGRAMS | files).items()]
        for number, (place, text) in enumerate(texts.items()):
            source = self.directory / f"text{number}"
            source.write_text(text)
            options.append(f"--copy={source}:{place}")
        command = [BOOT, *options, self.directory, self.directory / "script"]
        self._boot = Program(command)

    def __enter__(self):
        try:
            self.wait_until_up()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        # TERM has the script clear up after itself.
        if self._boot.process.poll() is None:
            self._boot.process.terminate()
        self._boot.end()
        os.close(self._up)
        os.close(self._down)

    def wait_until_up(self, timeout=BOOT_TIMEOUT):
        """Waits for the end of a boot: the first, or the next after a reboot."""
        process = os.pidfd_open(self._boot.pid)
        try:
            ready, _, _ = select.select([self._up, process], [], [], timeout)
        finally:
            os.close(process)
        assert self._up in ready, f"the machine is not up:\n{self.console()}"
        os.read(self._up, 64)
        cgroup = pathlib.Path(self.summary()["cgroup"])
        processes = cgroup / "payload/init.scope/cgroup.procs"
        self._init = processes.read_text().split()[0]

    # While it is up

    def run(self, *command, code=0, unit=None, properties=(), timeout=30):
        """Runs a command inside, in a unit of its own, and returns what it printed."""
        done = subprocess.run(
            self._inside(command, unit, properties),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout,
        )
        said = f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        assert code is None or done.returncode == code, said
        return done.stdout

    def start(self, *command, unit=None, properties=(), **options):
        """A program inside, in a unit of its own. It is to be ended before the machine."""
        return Program(self._inside(command, unit, properties), **options)

    def enter(self, *command):
        """The command that runs a command inside, but in no unit."""
        return ["nsenter", "-t", self._init, "-a", *(str(word) for word in command)]

    def _inside(self, command, unit, properties):
        options = [f"--property={one}" for one in properties]
        if unit:
            options.append(f"--unit={unit}")
        return self.enter("systemd-run", "--quiet", "--wait", "--pipe", "--collect", *options,
                          "--", *command)  # fmt: skip

    def wait_for(self, expected, *command, timeout=TIMEOUT):
        """Runs a command inside until a text is in what it prints, and returns that."""
        end = time.monotonic() + timeout
        while True:
            printed = self.run(*command, code=None)
            if expected in printed:
                return printed
            if time.monotonic() > end:
                journal = self.live_journal("--unit=reprieved")
                message = f"{command} does not print {expected!r}:\n{printed}\n{journal}"
                raise AssertionError(message)

    def live_journal(self, *arguments):
        """What journalctl prints inside, with all that was logged before."""
        self.run("journalctl", "--sync")
        return self.run("journalctl", "--quiet", "--no-pager", *arguments)

    def power_off(self):
        os.write(self._down, b"\n")
        return self.wait()

    # When it is down

    def wait(self, timeout=60):
        """Waits for its end, which is "poweroff", "reboot" or "timeout"."""
        self.code, _, errors = self._boot.end(timeout)
        assert self.code != 125, errors
        return self.summary()["end"]

    def output(self):
        """What the script printed."""
        return (self.directory / "stdout").read_text()

    def errors(self):
        return (self.directory / "stderr").read_text()

    def journal(self, *arguments):
        """What journalctl prints of all boots, in microseconds."""
        command = ["journalctl", "--quiet", "--no-pager", "--directory", self.directory / "journal"]
        command += ["--output=short-unix", *arguments]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout

    def console(self):
        log = self.directory / "console.log"
        return log.read_text(errors="replace") if log.exists() else ""

    def summary(self):
        """When each boot began and ended, and how: `boot1_started`, `boot1_end`, `end`, ..."""
        lines = (self.directory / "summary").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines)


class Device(Guest):
    """Such a machine with the package installed, as on a device."""

    def __init__(self, directory, prepare=(), files={}, **options):
        forget = "rm -rf $ROOT/var/lib/reprieve $ROOT/etc/reprieve"
        # Not the triggers: to index all manual pages takes seconds.
        install = "dpkg --root=$ROOT --no-triggers --install $ROOT/package.deb >&2"
        files = {PACKAGE: "/package.deb"} | files
        super().__init__(directory, prepare=[forget, install, *prepare], files=files, **options)

    def component(self, name="com.example.Camera", unit=None, **options):
        """A component in a unit of its own, by default ggl.NAME: see child_component.py."""
        command = ["/usr/bin/python3", f"{TESTS}/child_component.py", COMPONENTS, name]
        unit = unit or f"ggl.{name}"
        component = self.start(*command, unit=unit, stdin=subprocess.PIPE, **options)
        component.line("subscribed")
        return component

    def shows(self, *properties, unit="reprieved.service"):
        """What systemd knows of a unit."""
        wanted = [f"--property={one}" for one in properties]
        lines = self.run("systemctl", "show", unit, *wanted).splitlines()
        return dict(line.split("=", 1) for line in lines)

    def status(self):
        return json.loads(self.run("reprieve", "status", "--json"))

    def participants(self):
        """Where those stand whom the one update concerns."""
        [update] = self.status()["updates"]
        return {one["component"]: one["state"] for one in update["participants"]}
