# SPDX-License-Identifier: Apache-2.0
"""Attacks by unprivileged users, beside whom everybody honest is served, and on time.

An attack that only makes something slow is played again, beside a new reference: the machine may
have been busy with something else.
"""

import contextlib
import os
import pathlib

import pytest
from attacks import ATTACKS, upstream
from attacks.attack import SECONDS, Attackers
from attacks.play import SPIN, UNITS, Play, UnitsFile
from attacks.result import Result, table
from daemon import Daemon, temporary_directory
from scripted_upstream import Lite
from store import DescriptorStore

pytestmark = [
    pytest.mark.attacks,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become the attackers' users"),
]

TRIES = 3
# Where only the known may subscribe, the attackers have no say in any update.
KNOWN = ["--allow-unknown", "no", "--component", "com.example.* MaxDefer=1h"]
# Updates end by themselves there: an attack need not go on until a deadline.
SECONDS_AMONG_KNOWN = 0.5


class Nucleus(Lite):
    """Knows the attackers, and takes as many connections as the broker opens."""

    def __init__(self, directory, attack):
        tokens = {upstream.token(user): "com.example.Hostile" for user in attack.users}
        super().__init__(f"{directory}/nucleus.socket", tokens, clients=1_000)


class Plays:
    """What all attacks came to, for the table."""

    def __init__(self, library, report):
        self.library, self._report = library, report
        self.results, self.verdicts = [], []
        self._reference = None

    def play(self, attack, *arguments, seconds=SECONDS):
        with temporary_directory() as directory:
            units = pathlib.Path(directory) / "units"
            units.touch()
            environment = {"LD_PRELOAD": self.library, "REPRIEVE_TEST_UNITS": str(units)}
            limit = attack.descriptors
            nucleus = Nucleus(directory, attack) if attack.upstream else None
            if nucleus:
                arguments += ("--upstream", str(nucleus.path))
            store = DescriptorStore() if attack.kept else contextlib.nullcontext()
            wrapper = ["prlimit", f"--nofile={limit}:{limit}"] if limit else []
            with store as store:
                daemon = Daemon(
                    directory,
                    *arguments,
                    names_by_unit=True,
                    environment=environment,
                    wrapper=wrapper,
                    store=store,
                )
                try:
                    seconds = max(seconds, attack.seconds)
                    result = Play(attack, daemon, UnitsFile(units), seconds).run()
                    daemon.stop()
                    result.kept = len(store.messages) if store else 0
                    return result
                finally:
                    daemon.kill()
                    if nucleus:
                        nucleus.stop()

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

    def holds(self, attack, *arguments, seconds=SECONDS, judge=lambda result: []):
        """Plays it. Returns what it has done that it must not."""
        reference = self.reference()
        for turn in range(TRIES):
            if turn:
                reference = self.reference(again=True)
            result = self.play(attack, *arguments, seconds=seconds)
            result.name += " among-known" if arguments else ""
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
    attack = ATTACKS[name]

    def judge(result):
        few = [f"only {result.opened} connections attacked"] * (result.opened < attack.least)
        few += [f"only {result.kept} connections were kept"] * (result.kept < attack.kept)
        return few + ["no attacker was asked"] * (attack.asked and not result.strangers)

    complaints = plays.holds(attack, judge=judge)
    assert not complaints, f"{name}: {attack.tries}"


def test_there_are_many_attacks():
    assert len(ATTACKS) >= 60


def test_names_that_leave_take_no_post_from_the_honest_across_a_restart(build_interposer):
    with temporary_directory() as directory:
        units = pathlib.Path(directory) / "units"
        units.touch()
        environment = {
            "LD_PRELOAD": build_interposer("units.c"), "REPRIEVE_TEST_UNITS": str(units),
        }  # fmt: skip

        def beside_names_that_leave(daemon, act):
            attackers = Attackers(ATTACKS["owed-posts"], daemon, SECONDS)
            places = {process: UNITS.format(user=user)
                      for process, user in attackers.processes.items()}  # fmt: skip
            UnitsFile(units).place(places)
            attackers.begin()
            try:
                return act(daemon)
            finally:
                attackers.wait()

        def leave_owed(daemon):
            component, coordinator = daemon.component("com.example.Late"), daemon.coordinator()
            gate = coordinator.gate("d-1", {"responseTimeoutMs": 500, "deadlineMs": 1_000})
            component.notice()
            component.acknowledge("d-1")
            component.connection.close()
            assert gate.end()[0] == "released"
            coordinator.complete("d-1")

        def return_for_it(daemon):
            return daemon.component("com.example.Late").post()

        for act in (leave_owed, return_for_it):
            daemon = Daemon(directory, names_by_unit=True, environment=environment)
            try:
                heard = beside_names_that_leave(daemon, act)
            finally:
                daemon.kill()
        assert heard["deploymentId"] == "d-1"


@pytest.mark.among_known
@pytest.mark.parametrize("name", ATTACKS)
def test_who_is_unknown_has_no_say_where_only_the_known_subscribe(plays, name):
    def judge(result):
        slow = [time for time in result.times.get("broad", []) if time > 1.0]
        wrong = [f"an update took {time:.1f} s, which waits for the arm alone" for time in slow]
        return wrong + ["a stranger took part in an update"] * result.strangers

    seconds = SECONDS_AMONG_KNOWN
    assert not plays.holds(ATTACKS[name], *KNOWN, seconds=seconds, judge=judge)
