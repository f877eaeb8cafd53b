# SPDX-License-Identifier: Apache-2.0
"""Attacks by unprivileged users, beside whom everybody honest is served, and on time.

An attack that only makes something slow is played again, beside a new reference: the machine may
have been busy with something else.
"""

import os
import pathlib

import pytest
from attacks import ATTACKS
from attacks.play import SPIN, Play
from attacks.result import Result, table
from daemon import Daemon, temporary_directory

pytestmark = [
    pytest.mark.attacks,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become the attackers' users"),
]

TRIES = 2
# These want a name of their own, and a subscription. Where unknown components may not subscribe,
# they have no say in any update.
SUBSCRIBERS = [
    "deferring-for-ever",
    "breaking-final-askings",
    "many-names",
    "standing-in-for-a-required-name",
    "subscriptions-of-one-name",
    "owed-posts",
]


class Plays:
    """What all attacks came to, for the table."""

    def __init__(self, library, report):
        self.library, self._report = library, report
        self.results, self.verdicts = [], []
        self._reference = None

    def play(self, attack, *arguments):
        with temporary_directory() as directory:
            units = pathlib.Path(directory) / "units"
            units.touch()
            environment = {"LD_PRELOAD": self.library, "REPRIEVE_TEST_UNITS": str(units)}
            limit = attack.descriptors
            wrapper = ["prlimit", f"--nofile={limit}:{limit}"] if limit else []
            daemon = Daemon(
                directory,
                *arguments,
                names_by_unit=True,
                environment=environment,
                wrapper=wrapper,
            )
            try:
                result = Play(attack, daemon, units).run()
                daemon.stop()
                return result
            finally:
                daemon.kill()

    def reference(self, again=False):
        """What the honest see beside processes that only spin, measured here and now."""
        if again or self._reference is None:
            result = self.play(SPIN)
            assert not result.wrong, "nobody has attacked"
            more = self._reference or Result(SPIN.name)
            for kind, times in more.times.items():
                result.times[kind] += times
            self._reference = result
            self.results[:1], self.verdicts[:1] = [result], [""]
        return self._reference

    def holds(self, attack, *arguments, judge=lambda result: []):
        """Plays it. Returns what it has done that it must not."""
        reference = self.reference()
        for turn in range(TRIES):
            if turn:
                reference = self.reference(again=True)
            result = self.play(attack, *arguments)
            result.wrong += judge(result)
            complaints = result.complaints(reference)
            if complaints != result.slow(reference) or not complaints:
                break
        self.results.append(result)
        self.verdicts.append("; ".join(complaints) or "holds")
        if self._report:
            pathlib.Path(self._report).write_text(table(self.results, self.verdicts) + "\n")
        return complaints


@pytest.fixture(scope="session")
def plays(build_interposer, request):
    return Plays(build_interposer("units.c"), request.config.getoption("--attack-report"))


@pytest.mark.parametrize("name", ATTACKS)
def test_the_honest_are_served_beside(plays, name):
    complaints = plays.holds(ATTACKS[name])
    assert not complaints, f"{name}: {ATTACKS[name].tries}"


def test_there_are_many_attacks():
    assert len(ATTACKS) >= 60


@pytest.mark.parametrize("name", SUBSCRIBERS)
def test_who_is_unknown_has_no_say_where_only_the_known_subscribe(plays, name):
    known = ["--allow-unknown", "no", "--component", "com.example.* MaxDefer=1h"]

    def judge(result):
        slow = [time for time in result.times.get("broad", []) if time > 1.0]
        return [f"an update took {time:.1f} s, which waits for the arm alone" for time in slow]

    assert not plays.holds(ATTACKS[name], *known, judge=judge)
