# SPDX-License-Identifier: Apache-2.0
"""Plays an attack against a daemon of its own, beside those who negotiate honestly."""

import contextlib
import os
import re
import time

from attacks import honest
from attacks.attack import SECONDS, Attack, Attackers
from attacks.honest import Honest
from attacks.result import Result

# How long what an attack has held may take to be given back.
SETTLING = 3.0
OURS = re.compile(r'update "(narrow|broad|requiring)-')
THEIRS = re.compile(r"user@21\d\d|uid 21\d\d")
UNITS = "user@{user}.service app.service"


def spin(hostile):
    """Only spins: what the honest notice of two processes that do nothing to the daemon."""
    while hostile.on():
        pass


SPIN = Attack("two-that-only-spin", spin.__doc__, spin)


class UnitsFile:
    """Where everybody runs, as units.c reads it."""

    def __init__(self, path):
        self._path = path

    def place(self, units):
        lines = [f"{process} {unit}\n" for process, unit in units.items()]
        self._path.write_text("".join(lines))


class Play:
    """One attack, from its first process to what it has left."""

    def __init__(self, attack, daemon, units, seconds=SECONDS):
        self.attack, self.daemon, self.units = attack, daemon, units
        self._seconds = seconds
        self.result = Result(attack.name)

    def run(self):
        companions = self._companions()
        attackers = Attackers(self.attack, self.daemon, self._seconds)
        self._settle_units(attackers, companions[0])
        for one in companions:
            one.begin()
        try:
            for one in companions:
                one.wait_until_ready()
            before = self._anonymous(), self._descriptors()
            lines = self._log_lines()
            attackers.begin()
            time.sleep(self._seconds)
        finally:
            attackers.wait()
            self._gather(companions)
        self.result.log_lines = self._log_lines() - lines
        self.result.opened, self.result.closed = attackers.opened, attackers.closed
        self._measure(*before)
        return self.result

    def _companions(self):
        runs = (honest.narrow, honest.broad, honest.requiring, honest.operator)
        newcomer = Honest(honest.newcomer, self.daemon, honest.NEWCOMERS_USER)
        return [newcomer, *(Honest(run, self.daemon) for run in runs)]

    def _gather(self, companions):
        for one in companions:
            one.end()
        for one in companions:
            self.result.add(one.findings())

    def _settle_units(self, attackers, newcomer):
        """Where everybody runs: as on a system, where each user has a manager."""
        units = {newcomer.process: "till.service"}
        if self.attack.known:
            for process, user in attackers.processes.items():
                units[process] = UNITS.format(user=user)
        self.units.place(units)

    def _measure(self, anonymous, descriptors):
        if self.daemon.process.poll() is not None:
            self.result.wrong.append(f"reprieved has died with {self.daemon.process.returncode}")
            return
        self.result.resident = self._status("VmHWM")
        end = time.monotonic() + SETTLING
        while True:
            self.result.left = max(0, self._anonymous() - anonymous)
            self.result.descriptors_left = self._descriptors() - descriptors
            settled = self.result.left < 1 << 20 and self.result.descriptors_left <= 0
            if settled or time.monotonic() > end:
                return
            time.sleep(0.05)

    def _status(self, field):
        with contextlib.suppress(OSError, KeyError):
            return int(self.daemon.statistics()[field].split()[0]) * 1024
        return 0

    def _anonymous(self):
        return self._status("RssAnon")

    def _descriptors(self):
        return len(os.listdir(f"/proc/{self.daemon.process.pid}/fd"))

    def _log_lines(self):
        lines = self.daemon.log.read_text(errors="replace").splitlines()
        return sum(1 for line in lines if THEIRS.search(line) or not OURS.search(line))
