# SPDX-License-Identifier: Apache-2.0
"""reprieve-permit against a real etcd, and a fleet of real daemons with it."""

import json
import os
import pathlib
import random
import threading
import time

import pytest
from daemon import BUILD, Daemon, temporary_directory
from permit import VETO, Etcd, Permit, until, why_no_etcd
from processes import Program

pytestmark = [
    pytest.mark.permit,
    pytest.mark.skipif(bool(why_no_etcd()), reason=why_no_etcd()),
    pytest.mark.longest(320),
]
REBOOT = {"disruption": "reboot"}
NO_BROKER = 69
SETTINGS = {"Engine": "etcd", "Retry": "300ms", "SteadyAfter": "500ms"}


@pytest.fixture
def etcd(directory):
    etcd = Etcd(directory)
    yield etcd
    etcd.kill()


@pytest.fixture
def permit(start, directory, etcd):
    permit = Permit(directory, start(*VETO), etcd.url, **SETTINGS)
    yield permit
    permit.kill()


@pytest.mark.parametrize("holders", [[], None, ["other-device"]])
def test_airlocks_list_is_read_and_written(permit, etcd, holders):
    if holders is not None:
        etcd.put(json.dumps({"total_slots": 2, "holders": holders}))
    permit.start()
    coordinator = permit.daemon.coordinator()
    coordinator.gate("d-1", **REBOOT).released()
    expected = sorted([*(holders or []), permit.id])
    semaphore = etcd.semaphore()
    assert semaphore["holders"] == expected
    assert semaphore["total_slots"] == (1 if holders is None else 2)
    assert f"{len(expected)} of " in permit.command("status")[1]
    coordinator.complete("d-1")
    until(lambda: etcd.semaphore()["holders"] == (holders or []))


def test_a_value_of_another_program_is_left_alone(permit, etcd):
    etcd.put('{"slots": 1}')
    permit.start()
    code, _, errors = permit.command("check")
    assert code == 69 and "makes no sense" in errors


class Member(threading.Thread):
    """One device of the fleet: a daemon, a permit, and an updater with some updates."""

    UPDATES = 3

    def __init__(self, fleet, number):
        super().__init__(daemon=True)
        self.fleet, self.number = fleet, number
        self.id = f"till-{number}"
        self.folder = temporary_directory()
        self.intervals = []
        self.start_daemon()
        self.permit = Permit(
            self.folder.name, self.reprieved, fleet.etcd.url, id=self.id, Slots="2", **SETTINGS
        )
        self.permit.start()
        self.failure = None

    def start_daemon(self):
        self.reprieved = Daemon(self.folder.name, *VETO)

    def run(self):
        try:
            for update in range(self.UPDATES):
                self.update(f"{self.id}-{update}")
        except BaseException as failure:
            self.failure = failure

    def update(self, id):
        """The command outlives the daemon. What it runs says when the update began and ended."""
        stamps = pathlib.Path(self.folder.name) / id
        length = random.uniform(0.2, 0.6)
        script = f"date +%s.%N >{stamps}; sleep {length}; date +%s.%N >>{stamps}"
        gate = [BUILD / "reprieve", "gate", "--control-socket", self.reprieved.control_socket]
        gate += ["--restarts-nucleus", "--deployment-id", id, "--", "sh", "-c", script]
        code, _, errors = Program(gate).end(timeout=200)
        # A gate that begins while its daemon is killed has changed nothing.
        while code == NO_BROKER and not stamps.exists() and not self.fleet.stopped.wait(0.05):
            code, _, errors = Program(gate).end(timeout=200)
        assert code == 0, errors
        begin, end = map(float, stamps.read_text().split())
        # The permit cannot know the device to be steady earlier than this.
        self.intervals.append((begin, end + 0.5, self.id))

    def kill_daemon(self):
        self.reprieved.kill()
        self.start_daemon()

    def kill_permit(self):
        self.permit.kill()
        self.permit.start()

    def end(self):
        self.permit.kill()
        self.reprieved.kill()
        self.folder.cleanup()


class Fleet:
    def __init__(self, etcd, count):
        self.etcd = etcd
        self.stopped = threading.Event()
        self.began = time.time()
        self.members = [Member(self, number) for number in range(count)]

    def intervals(self):
        """From release to steady state."""
        return sorted(one for member in self.members for one in member.intervals)

    def most_at_once(self):
        """Devices, since the next update of one may begin before it is steady after the first."""
        begins = [begin for begin, _, _ in self.intervals()]
        return max(
            len({id for begin, end, id in self.intervals() if begin <= moment < end})
            for moment in begins
        )

    def transcript(self):
        """A line for each update, and who held when as a picture."""
        start, lines = self.began, []
        for begin, end, id in self.intervals():
            places = [round((at - start) * 4) for at in (begin, end)]
            bar = " " * places[0] + "#" * max(1, places[1] - places[0])
            lines.append(f"{id} {begin - start:6.2f} {end - start:6.2f} |{bar}")
        return "\n".join(lines)


# A permit that was killed with an outcome takes a minute without a kill to see that it is lost.
MOST_KILLS = 40


@pytest.mark.parametrize("chaos", [False, True], ids=["calm", "kills"])
def test_no_more_than_two_of_five_are_between_release_and_steady_state(directory, etcd, chaos):
    random.seed(4711)
    fleet = Fleet(etcd, 5)
    try:
        for member in fleet.members:
            member.start()
        kills = 0
        while any(member.is_alive() for member in fleet.members):
            assert time.time() - fleet.began < 200, fleet.transcript()
            fleet.stopped.wait(random.uniform(0.1, 0.4) if chaos else 0.1)
            if not chaos:
                continue
            for member in fleet.members:
                member.permit.release_kept()
            if kills == MOST_KILLS:
                continue
            kills += 1
            member = random.choice(fleet.members)
            match kills % 4:
                case 0: member.kill_daemon()
                case 1 | 2: member.kill_permit()
                case 3:
                    etcd.kill()
                    etcd.start()
        for member in fleet.members:
            assert member.failure is None, member.failure
        assert len(fleet.intervals()) == 5 * Member.UPDATES
        assert fleet.most_at_once() <= 2, fleet.transcript()
        report = fleet.transcript() + f"\nkills: {kills}; most at once: {fleet.most_at_once()}\n"
        print(report)
        if "REPRIEVE_FLEET_REPORT" in os.environ:
            path = pathlib.Path(os.environ["REPRIEVE_FLEET_REPORT"])
            path.with_suffix(".kills" if chaos else ".calm").write_text(report)
        until(lambda: all_given_back(fleet), 100)
    finally:
        fleet.stopped.set()
        for member in fleet.members:
            member.end()


def all_given_back(fleet):
    """An outcome that a program was killed with leaves a slot that says why; no other is left."""
    for member in fleet.members:
        member.permit.release_kept()
    return not fleet.etcd.semaphore()["holders"]
