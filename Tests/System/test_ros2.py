# SPDX-License-Identifier: Apache-2.0
"""A managed node of ROS 2 is deactivated for an update: Samples/ros2-lifecycle.

ROS 2 is not in Debian 12: a script stands for its command, and prints what that prints.
"""

import pytest
from expect import ROBOT
from samples import NAME, SAMPLES, environment

ROS2 = """#!/bin/sh
cd "$(dirname "$0")"
[ "$1 $3" = "lifecycle /arm" ] || exit 2
echo "$2" >>calls
# The node does not answer in time, in one of the calls.
if [ "$2" = get ] && [ "$(grep -c get calls)" = "$(cat lost)" ]; then exit 1; fi
case $2,${4:-},$(cat state) in
get,,active) echo "active [3]" ;;
get,,inactive) echo "inactive [2]" ;;
set,deactivate,active)
    echo deactivate >>transitions
    [ ! -e moving ] || { echo "Transitioning failed"; exit 1; }
    echo inactive >state; echo "Transitioning successful" ;;
set,activate,inactive)
    echo activate >>transitions; echo active >state; echo "Transitioning successful" ;;
*) echo "Unknown transition requested"; exit 1 ;;
esac
"""


class Node:
    """The node as its command shows it."""

    def __init__(self, directory):
        self.directory = directory
        (directory / "ros2").write_text(ROS2)
        (directory / "ros2").chmod(0o755)
        (directory / "state").write_text("active")
        (directory / "lost").write_text("0")

    @property
    def transitions(self):
        path = self.directory / "transitions"
        return path.read_text().split() if path.exists() else []


@pytest.fixture
def start_node(tmp_path, daemon, processes):
    def start_node(runtime_directory=tmp_path):
        node = Node(tmp_path)
        variables = environment(daemon.component_socket)
        variables["PATH"] = f"{tmp_path}:{variables['PATH']}"
        variables["RUNTIME_DIRECTORY"] = str(runtime_directory)
        hook = SAMPLES / "ros2-lifecycle/lifecycle-hook"
        command = ["reprieve", "listen", "--component", NAME, "--exec", hook, "--", "/arm"]
        node.program = processes.start(*command, env=variables)
        return node

    return start_node


@pytest.fixture
def node(start_node):
    return start_node()


def required(coordinator, id):
    return coordinator.gate(id, policy={"require": [NAME]})


def test_the_node_is_deactivated_for_the_update_and_activated_after_it(node, coordinator):
    assert required(coordinator, "d").released()["basis"] == "consent"
    assert node.transitions == ["deactivate"]
    coordinator.complete("d", "applied")
    node.program.error_line("applied")
    # The next notice is handled after the outcome.
    required(coordinator, "e").released()
    assert node.transitions == ["deactivate", "activate", "deactivate"]


def test_a_node_that_moves_holds_the_update_back(node, coordinator):
    (node.directory / "moving").touch()
    gate = required(coordinator, "d")
    assert gate.shows(NAME, "deferred")["message"] == "moving"
    assert (node.directory / "state").read_text() == "active"
    (node.directory / "moving").unlink()
    gate.released()
    assert set(node.transitions) == {"deactivate"}


def test_the_node_works_on_while_another_component_is_busy(node, daemon, coordinator):
    robot = daemon.component(ROBOT, confirm=True)
    gate = required(coordinator, "d")
    robot.notice()
    robot.defer("d", 60_000)
    gate.shows(NAME, "acknowledged")
    assert node.transitions == []


def test_the_node_is_activated_again_if_another_component_defers_after_all(
    node, daemon, coordinator
):
    robot = daemon.component(ROBOT, confirm=True)
    gate = required(coordinator, "d")
    robot.notice()
    robot.acknowledge("d")
    while not (notice := robot.notice()).get("final"):
        pass
    node.program.error_line("is acknowledged")
    robot.defer("d", 60_000, round=notice["round"])
    gate.shows(ROBOT, "deferred")
    node.program.error_line("may go ahead once all others are ready")
    assert node.transitions == ["deactivate", "activate"]


def test_a_node_that_somebody_else_deactivated_stays_so(node, coordinator):
    (node.directory / "state").write_text("inactive")
    required(coordinator, "d").released()
    coordinator.complete("d")
    required(coordinator, "e").released()
    assert node.transitions == []


@pytest.mark.parametrize("which", [1, 2])
def test_a_node_whose_state_is_not_known_holds_the_update_back(node, coordinator, which):
    (node.directory / "moving").touch()
    (node.directory / "lost").write_text(str(which))
    gate = required(coordinator, "d")
    assert gate.shows(NAME, "deferred")["message"] == "state unknown"
    assert (node.directory / "state").read_text() == "active"
    (node.directory / "moving").unlink()
    gate.released()
    assert (node.directory / "state").read_text().strip() == "inactive"
    coordinator.complete("d", "applied")
    node.program.error_line("applied")
    required(coordinator, "e").released()
    assert node.transitions[-3:] == ["deactivate", "activate", "deactivate"]


def test_a_hook_that_can_note_nothing_holds_the_update_back(start_node, coordinator, tmp_path):
    node = start_node(tmp_path / "missing")
    gate = required(coordinator, "d")
    assert gate.shows(NAME, "deferred")["message"] == "state unknown"
    assert node.transitions == []
