# SPDX-License-Identifier: Apache-2.0
"""Attacks on what a component has of the nucleus beside the broker."""

import os
import pathlib
import time

import pytest
from attacks import ATTACKS
from attacks.attack import Attackers
from attacks.honest import waiting_connection
from attacks.play import UNITS, UnitsFile
from daemon import Daemon, temporary_directory
from protocol import Failed, HungUp
from scripted_upstream import TOKEN, JavaNucleus, Lite

pytestmark = [
    pytest.mark.attacks,
    pytest.mark.skipif(os.geteuid() != 0, reason="only root can become the attackers' users"),
]

ATTACK = ATTACKS["foreign-tokens"]
SECONDS = 1.0


class Beside:
    """A daemon beside a nucleus, and attackers, each of whose users has a unit."""

    def __init__(self, directory, library, kind):
        units = pathlib.Path(directory) / "units"
        units.touch()
        self.nucleus = kind(f"{directory}/nucleus.socket")
        self.daemon = Daemon(
            directory,
            "--upstream",
            str(self.nucleus.path),
            names_by_unit=True,
            environment={"LD_PRELOAD": library, "REPRIEVE_TEST_UNITS": str(units)},
        )
        self.attackers = Attackers(ATTACK, self.daemon, SECONDS)
        processes = self.attackers.processes.items()
        UnitsFile(units).place({process: UNITS.format(user=user) for process, user in processes})

    def attack(self):
        """Lets them attack. Returns how often a component was let in, and how often not, and
        what an operator was shown meanwhile."""
        camera, operator = self.daemon.connection().connect(TOKEN), self.daemon.coordinator()
        counts, shown = {True: 0, False: 0}, []
        self.attackers.begin()
        end = time.monotonic() + SECONDS
        while time.monotonic() < end:
            assert camera.call("UpdateState", {}) == {}
            counts[self._enters()] += 1
            shown.append(operator.status()["upstream"])
        self.attackers.wait()
        return counts[True], counts[False], shown

    def _enters(self):
        with waiting_connection(self.daemon.component_socket) as connection:
            try:
                return connection.connect(TOKEN).call("UpdateState", {}) == {}
            except (AssertionError, HungUp, Failed):
                return False

    def close(self):
        self.daemon.kill()
        self.nucleus.stop()


@pytest.fixture(params=[Lite, JavaNucleus])
def beside(request, build_interposer):
    with temporary_directory() as directory:
        beside = Beside(directory, build_interposer("units.c"), request.param)
        yield beside
        beside.close()


def test_unknown_tokens_are_told_to_those_that_send_them_and_say_nothing_of_the_nucleus(beside):
    entered, denied, shown = beside.attack()
    assert shown[-1]["refusals"] > 10
    assert {one["state"] for one in shown} == {"serving"}
    assert not any("message" in one or one["losses"] for one in shown)
    assert entered > 3 and denied == 0
