# SPDX-License-Identifier: Apache-2.0
"""A device that can be suspended: the clocks of a program on it jump. See suspend.c."""

import os
import pathlib
import select
import signal
import struct

from protocol import TIMEOUT


class Clocks:
    """The clocks of one program, which is started with `environment`."""

    def __init__(self, directory, library, name):
        paths = [pathlib.Path(directory) / f"{name}.{end}" for end in ["request", "done"]]
        for path in paths:
            os.mkfifo(path)
        # Opened for both, an end never runs dry.
        self._request, self._done = (os.open(path, os.O_RDWR) for path in paths)
        self.environment = {
            "LD_PRELOAD": library,
            "SUSPEND_REQUEST": str(paths[0]),
            "SUSPEND_DONE": str(paths[1]),
        }

    def sleep(self, process, milliseconds, on_waking=lambda: None):
        """Returns when the program has done what was due, and how often that woke it up.

        What `on_waking` sends is there before the program has been awake.
        """
        process.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, process.pid, os.WSTOPPED)
        os.write(self._request, struct.pack("q", milliseconds * 1_000_000))
        on_waking()
        process.send_signal(signal.SIGCONT)
        ready, _, _ = select.select([self._done], [], [], TIMEOUT)
        assert ready, "the program is still busy"
        return os.read(self._done, 1)[0]

    def close(self):
        os.close(self._request)
        os.close(self._done)


class Suspend:
    """A daemon whose clocks jump. `daemon` is the one that `start` starts."""

    def __init__(self, start, clocks):
        self._clocks = clocks
        self.environment = clocks.environment
        self._start = start
        self._asleep = 0
        self.daemon = start(environment=self.environment)

    def sleep(self, milliseconds, on_waking=lambda: None):
        """See `Clocks.sleep`."""
        self._asleep += milliseconds
        return self._clocks.sleep(self.daemon.process, milliseconds, on_waking)

    def sleep_without_daemon(self, milliseconds):
        """The daemon is killed, and started again after the sleep."""
        self.daemon.kill()
        self._asleep += milliseconds
        asleep = {"SUSPEND_ASLEEP": str(self._asleep * 1_000_000)}
        self.daemon = self._start(environment=self.environment | asleep)
        return self.daemon
