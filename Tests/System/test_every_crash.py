# SPDX-License-Identifier: Apache-2.0
"""One scenario, with the daemon killed at each of its writes, syncs and sends in turn.

Two components, one of which defers; a gate that waits; its completion. Whoever loses the daemon
comes back to the next one, which goes on with the same directories.
"""

import json
import queue
import threading
import time

import pytest
from daemon import Daemon
from processes import Processes
from protocol import Component, Connection, Coordinator, Failed, HungUp

CAMERA, ROBOT = "com.example.Camera", "com.example.Robot"
DEFERRAL = 0.3
# More than the scenario has; a run that ends unharmed is one beyond the last.
POINTS = 64


class Lives:
    """Daemons one after the other: when one is killed, the next one goes on."""

    def __init__(self, directory, *environments):
        self.directory = directory
        self._rest = list(environments)
        self.killed = 0
        self._is_over = threading.Event()
        self._begin()
        self._watch = threading.Thread(target=self._go_on)
        self._watch.start()

    def _begin(self):
        environment = self._rest.pop(0) if self._rest else {}
        self.daemon = Daemon(self.directory, environment=environment, is_doomed=True)

    def _go_on(self):
        while not self._is_over.is_set():
            if self.daemon.process.poll() is None:
                self._is_over.wait(0.005)
                continue
            assert self.daemon.process.returncode == -9, self.daemon.log.read_text()
            self.killed += 1
            self._begin()

    def end(self):
        self._is_over.set()
        self._watch.join()
        self.daemon.kill()


class Resilient:
    """A component that comes back: it answers each notice by the script of its rounds."""

    def __init__(self, lives, name, answers):
        self.lives, self.name, self.answers = lives, name, answers
        self.events = queue.Queue()
        self.said_at, self.notices, self.posts = [], [], []
        self.is_subscribed = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._is_over.is_set():
            try:
                with Connection.open(self.lives.daemon.component_socket) as connection:
                    self._live(connection.connect(self.name))
            except (OSError, HungUp, AssertionError):
                self._is_over.wait(0.01)

    def _live(self, connection):
        component = Component(connection)
        self.is_subscribed.set()
        while not self._is_over.is_set():
            try:
                frame = connection.event(
                    component.stream, "aws.greengrass#ComponentUpdatePolicyEvents", 0.1
                )
            except TimeoutError:
                continue
            if "postUpdateEvent" in frame.json:
                self.posts.append(frame.json["postUpdateEvent"])
            else:
                self._answer(component)

    def _answer(self, component):
        self.notices.append(time.monotonic())
        deferral = self.answers[0] if len(self.answers) == 1 else self.answers.pop(0)
        said = time.monotonic()
        try:
            component.defer("d", round(deferral * 1000), message="recording")
        except Failed:
            return
        except (HungUp, OSError):
            # Nobody knows whether it was heard: it is said again when it is asked again.
            if deferral:
                self.answers.insert(0, deferral)
            raise
        self.said_at.append((said, deferral))

    def end(self):
        self._is_over.set()
        self._thread.join()


def patiently(action, seconds=10):
    """Tries again while the daemon is being restarted."""
    end = time.monotonic() + seconds
    while True:
        try:
            return action()
        except (OSError, HungUp):
            if time.monotonic() > end:
                raise
            threading.Event().wait(0.01)


def until(condition, seconds=10):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it does not come about"
        threading.Event().wait(0.005)


def play(directory, *environments):
    """Plays the scenario and checks what must hold however it went. Returns how many died."""
    lives = Lives(directory, *environments)
    camera = Resilient(lives, CAMERA, [DEFERRAL, 0])
    robot = Resilient(lives, ROBOT, [0])
    processes = Processes()

    def control():
        return Coordinator(Connection.open(lives.daemon.control_socket).connect())

    try:
        until(lambda: camera.is_subscribed.is_set() and robot.is_subscribed.is_set())
        # A component that was lost before anything began has to be back: nobody waits for it.
        until(lambda: len(patiently(lambda: control().status())["components"]) == 2)
        gate = processes.reprieve(lives.daemon, "gate", "--deployment-id", "d", "--json")
        code, output, errors = gate.end()
        opened = time.monotonic()
        assert code == 0, errors
        released = json.loads(output[-1])["released"]
        assert released["basis"] == "consent", released
        assert released["participants"] == [CAMERA, ROBOT]
        for said, deferral in camera.said_at:
            assert opened - said >= deferral, "a deferral was cut short"
        heard = len(camera.notices) + len(robot.notices)

        # It stays open, also to whoever comes later.
        again = processes.reprieve(lives.daemon, "gate", "--deployment-id", "d", "--json")
        code, output, errors = again.end()
        assert code == 0, errors
        assert json.loads(output[-1])["released"]["basis"] == "consent"

        patiently(lambda: control().complete("d"))
        until(lambda: camera.posts and robot.posts)
        assert len(camera.notices) + len(robot.notices) == heard, "asked after the release"
        for component in camera, robot:
            assert len(component.posts) <= 1 + lives.killed
            assert {post["outcome"] for post in component.posts} == {"applied"}
        call = ("reprieve#GetHistory", {})
        (decision,) = patiently(lambda: control().connection.call(*call))["decisions"]
        assert (decision["basis"], decision["outcome"]) == ("consent", "applied")
        assert [one["component"] for one in decision["participants"]] == [CAMERA, ROBOT]
        assert decision["participants"][0]["deferrals"] >= 1
        assert patiently(lambda: control().status())["updates"] == []
        return lives.killed
    finally:
        camera.end()
        robot.end()
        processes.end()
        lives.end()


@pytest.mark.parametrize("point", range(1, POINTS + 1))
def test_killed_before_a_call_it_forgets_nothing(directory, interposer, point):
    play(directory, {"LD_PRELOAD": interposer, "INTERPOSE_KILL_AT": str(point)})


@pytest.mark.slow
@pytest.mark.parametrize("point", range(1, POINTS + 1))
def test_killed_in_the_middle_of_a_write_it_forgets_nothing(directory, interposer, point):
    spoiled = {"INTERPOSE_KILL_AT": str(point), "INTERPOSE_KILL_HALF": "1"}
    play(directory, {"LD_PRELOAD": interposer, **spoiled})


@pytest.mark.parametrize("second", range(1, 9))
def test_killed_again_while_it_recovers_it_forgets_nothing(directory, interposer, second):
    deaths = [
        {"LD_PRELOAD": interposer, "INTERPOSE_KILL_AT": str(point)} for point in (16, second)
    ]
    assert play(directory, *deaths) == 2


def test_there_are_no_more_points_than_are_tried(directory, interposer):
    log = f"{directory}/calls"
    assert play(directory, {"LD_PRELOAD": interposer, "INTERPOSE_LOG": log}) == 0
    with open(log) as calls:
        assert len(list(calls)) < POINTS
