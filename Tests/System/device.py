# SPDX-License-Identifier: Apache-2.0
"""A device for updaters to update: device.sh."""

import os
import pathlib
import subprocess

from daemon import BUILD, ROOT

HERE = pathlib.Path(__file__).parent


class Device:
    def __init__(self, processes, daemon):
        self._processes = processes
        arguments = [daemon.directory, BUILD / "reprieve", ROOT / ".build/updaters/tree"]
        holder = processes.start("sh", HERE / "device.sh", *arguments, stdin=subprocess.PIPE)
        holder.line("ready")
        self._pid = holder.pid
        self._machine = os.stat("/")

    @property
    def root(self):
        """Where the device's files are. A test must never take the machine's own for them."""
        root = pathlib.Path(f"/proc/{self._pid}/root")
        assert not os.path.samestat(os.stat(root), self._machine), "this is no device"
        assert (root / "run/device").is_dir(), "this is no device"
        return root

    def start(self, *command, **environment):
        """Starts a program on the device."""
        root = self.root
        enter = ["nsenter", f"--target={self._pid}", "--mount", f"--root={root}", f"--wd={root}"]
        path = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8"}
        return self._processes.start(*enter, *command, env=path | environment)

    def run(self, *command, code=0, timeout=60, **environment):
        """Runs a program to its end. Returns its lines."""
        found, lines, errors = self.start(*command, **environment).end(timeout)
        assert found == code, (found, lines, errors)
        return lines

    def install(self, source, path, mode=0o644):
        """Puts a file of the samples where its first lines say."""
        self.write(path, source.read_text(), mode)

    def write(self, path, text, mode=0o644):
        target = self.root / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)
        target.chmod(mode)

    def read(self, path):
        return (self.root / path.lstrip("/")).read_text()

    @property
    def systemctl(self):
        """What systemctl was told to do."""
        path = self.root / "run/device/systemctl"
        return path.read_text().splitlines() if path.exists() else []
