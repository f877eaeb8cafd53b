# SPDX-License-Identifier: Apache-2.0
"""Programs that a test starts: their lines as they come, and their end."""

import json
import os
import pathlib
import queue
import subprocess
import sys
import threading

from daemon import BUILD
from protocol import TIMEOUT

HERE = pathlib.Path(__file__).parent


class Program:
    """A running program. Its lines are read while it runs, so that it never waits for us."""

    def __init__(self, arguments, **options):
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        arguments = [str(argument) for argument in arguments]
        self.process = subprocess.Popen(arguments, text=True, **(pipes | options))
        self.pid = self.process.pid
        self._output = Lines(self.process.stdout) if self.process.stdout else None
        self._errors = Lines(self.process.stderr) if self.process.stderr else None

    def line(self, containing="", timeout=TIMEOUT):
        """The next line on standard output that contains a text."""
        return self._output.next(containing, timeout)

    def error_line(self, containing="", timeout=TIMEOUT):
        return self._errors.next(containing, timeout)

    def say(self, **message):
        print(json.dumps(message), file=self.process.stdin, flush=True)

    def end(self, timeout=TIMEOUT):
        """Waits for its end. Returns its exit code, and all of its output and errors."""
        code = self.process.wait(timeout)
        errors = self._errors.all(timeout) if self._errors else []
        output = self._output.all(timeout) if self._output else []
        return code, output, errors

    def signal(self, number):
        os.kill(self.pid, number)


class Lines:
    def __init__(self, pipe):
        self._queue = queue.Queue()
        self._seen = []
        self._reader = threading.Thread(target=self._read, args=[pipe], daemon=True)
        self._reader.start()

    def _read(self, pipe):
        with pipe:
            for line in pipe:
                self._seen.append(line.rstrip("\n"))
                self._queue.put(line.rstrip("\n"))
        self._queue.put(None)

    def next(self, containing, timeout):
        while True:
            try:
                line = self._queue.get(timeout=timeout)
            except queue.Empty:
                line = None
            if line is None:
                raise AssertionError(f"no line has {containing!r}; there was: {self._seen}")
            if containing in line:
                return line

    def all(self, timeout):
        self._reader.join(timeout)
        return list(self._seen)


class Processes:
    def __init__(self):
        self._programs = []

    def start(self, *arguments, **options):
        program = Program(arguments, **options)
        self._programs.append(program)
        return program

    def child_component(self, socket, name="com.example.Child"):
        """A component in a process of its own, subscribed, that does as it is told."""
        arguments = [sys.executable, HERE / "child_component.py", socket, name]
        program = self.start(*arguments, stdin=subprocess.PIPE)
        program.line("subscribed")
        return program

    def child_coordinator(self, socket, **request):
        """A coordinator in a process of its own, which has announced an update."""
        program = self.start(
            sys.executable, HERE / "child_coordinator.py", socket, json.dumps(request)
        )
        program.line("announced")
        return program

    def reprieve(self, daemon, *arguments, **options):
        """The command, run against a daemon."""
        command, *rest = arguments
        socket = ["--control-socket", daemon.control_socket]
        return self.start(BUILD / "reprieve", command, *socket, *rest, **options)

    def reprieve_component(self, daemon, *arguments, name="com.example.Camera", **options):
        """The command, run as a component of a daemon."""
        command, *rest = arguments
        socket = ["--component-socket", daemon.component_socket, "--component", name]
        return self.start(BUILD / "reprieve", command, *socket, *rest, **options)

    def end(self):
        for program in self._programs:
            if program.process.poll() is None:
                program.process.kill()
            program.process.wait(TIMEOUT)
            if program.process.stdin:
                program.process.stdin.close()
