# SPDX-License-Identifier: Apache-2.0
"""What an attack is, and how it is run: one process for each of its users."""

import contextlib
import os
import pathlib
import resource
import signal
import time
from dataclasses import dataclass
from typing import Callable

from attacks.hostile import Hostile

# As many attackers as there are spinning processes in the reference.
USERS = (2101, 2102)
# How long an attack goes on. An update that others hold back takes nearly as long.
SECONDS = 1.0
# How long an attacker may take to notice that its time is over.
GRACE = 1.0
DESCRIPTORS = 8_192
# Those of /etc/subgid, which a user can take in a namespace, have as many digits.
FIRST_GROUP = 4_000_000_000

ATTACKS = {}


@dataclass(frozen=True)
class Attack:
    """Its name, a sentence on what it tries, and what each of its processes runs."""

    name: str
    tries: str
    run: Callable
    users: tuple = USERS
    # The limit of the daemon's descriptors; None: as the daemon has it.
    descriptors: int | None = None
    # Whether the attack only has a name where components are named by their units.
    known: bool = True
    # Connections that it opens at least, or it is no such attack.
    least: int = 0
    # Whether its components are asked about updates, or it is no such attack.
    asked: bool = False
    # Connections that the service manager keeps at least, or it is no such attack; 0: there is
    # none.
    kept: int = 0
    # How long it goes on, where that is longer than usual.
    seconds: float = 0
    # Groups that its processes belong to, besides their own.
    groups: int = 0
    # Whether the daemon has a nucleus beside it, which knows the attackers' tokens.
    upstream: bool = False


def attack(users=USERS, **properties):
    """Names a function's attack after it. Its first line of documentation is what it tries.

    Where the attackers are not `known`, their users have no unit: each of them is denied.
    """

    def define(function):
        name = function.__name__.replace("_", "-")
        assert name not in ATTACKS, name
        tries = function.__doc__.splitlines()[0]
        ATTACKS[name] = Attack(name, tries, function, users, **properties)
        return function

    return define


class Attackers:
    """The processes of an attack. They wait until their units are known, then all begin."""

    def __init__(self, attack, daemon, seconds):
        self._attack, self._daemon, self._seconds = attack, daemon, seconds
        gate, self._go = os.pipe()
        self._counts, counts = os.pipe()
        self.processes = {self._fork(user, gate, counts): user for user in attack.users}
        os.close(gate)
        os.close(counts)

    def _fork(self, user, gate, counts):
        process = os.fork()
        if process:
            return process
        try:
            os.close(self._go)
            os.setsid()
            become(user, self._attack.groups)
            # Its end comes once nobody else has the other one.
            os.read(gate, 1)
            hostile = Hostile(self._daemon, user, time.monotonic() + self._seconds)
            self._attack.run(hostile)
            os.write(counts, b"%d %d\n" % (hostile.opened, hostile.closed))
        except Exception as error:
            # The daemon may close what it likes: whether the attack works is not judged.
            print(f"{self._attack.name}: {type(error).__name__}: {error}", flush=True)
        finally:
            os._exit(0)

    def begin(self):
        """Lets them loose. They end by themselves."""
        os.close(self._go)
        self._end = time.monotonic() + self._seconds + GRACE

    def wait(self):
        """Waits until they have ended, or ends those that have not, with what they started."""
        for process in self.processes:
            while os.waitpid(process, os.WNOHANG) == (0, 0):
                if time.monotonic() > self._end:
                    os.killpg(process, signal.SIGKILL)
                    os.waitpid(process, 0)
                    break
                time.sleep(0.01)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process, signal.SIGKILL)
        with open(self._counts) as counts:
            lines = [[int(count) for count in line.split()] for line in counts]
        self.opened, self.closed = (sum(column) for column in zip((0, 0), *lines))


def become(user, groups=0):
    """Makes this process an unprivileged user's, who also belongs to so many groups."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    os.setgroups(range(FIRST_GROUP, FIRST_GROUP + groups))
    os.setresgid(user, user, user)
    os.setresuid(user, user, user)
    assert pathlib.Path("/proc/self").stat().st_uid == user
