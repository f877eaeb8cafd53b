# SPDX-License-Identifier: Apache-2.0
"""The client that is tested: a program, started again for each check."""

import os
import signal
import subprocess
import tempfile

from connection import Failure, HungUp, expect
from server import Server

NAME = "com.example.Conformance"


class Client:
    def __init__(self, command, patience, output=subprocess.DEVNULL):
        self.command = command
        self.patience = patience
        self.output = output

    def attempt(self, check):
        """Runs a check against the program, which must be running at the end of it."""
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            server = Server(os.path.join(folder, "ipc.socket"), self.patience)
            process = self._start(server.path)
            try:
                check.run(server)
                code = None if server.may_give_up else process.poll()
                expect(code is None, f"the program has ended, with exit code {code}")
            except (Failure, HungUp) as failure:
                raise self._explained(failure, process) from None
            finally:
                server.close()
                self._end(process)

    @staticmethod
    def _explained(failure, process):
        """The failure, with what has become of the program if it has ended."""
        try:
            code = process.wait(0.2)
        except subprocess.TimeoutExpired:
            return failure
        if "exit code" in str(failure):
            return failure
        return Failure(f"{failure}; the program has ended, with exit code {code}")

    def _start(self, path):
        environment = {
            **os.environ,
            "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT": path,
            "SVCUID": NAME,
        }
        streams = {"stdin": subprocess.DEVNULL, "stdout": self.output, "stderr": self.output}
        # In a group of its own, so that whatever it starts is ended with it.
        return subprocess.Popen(self.command, env=environment, start_new_session=True, **streams)

    @staticmethod
    def _end(process):
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(process.pid, number)
                process.wait(2)
            except ProcessLookupError:
                break
            except subprocess.TimeoutExpired:
                continue
        process.wait()
