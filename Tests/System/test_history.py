# SPDX-License-Identifier: Apache-2.0
"""Why did it go at 03:12? Asked after the reboot that the update caused."""

import datetime
import os
import re

from daemon import BUILD
from expect import CAMERA, HOUR, ROBOT, history
from files import reboot


def test_the_history_names_the_deferring_components_why_and_the_last_one(start, processes):
    first = start()
    camera, robot = first.component(), first.component(ROBOT)
    gate = first.coordinator().gate("d", reason="2.13.0")
    camera.notice()
    camera.defer("d", 200, message="warming up")
    robot.notice()
    robot.acknowledge("d")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    camera.defer("d", 0, message="saved")
    gate.released()
    reboot(first)

    second = start()
    second.coordinator().complete("d", message="it runs")
    (decision,) = history(second)
    told, other = decision["participants"]
    assert (told["component"], told["state"], told["rounds"]) == (CAMERA, "acknowledged", 2)
    assert (told["deferrals"], told["message"]) == (2, "saved")
    assert told["lastDeferral"] == {"grantedMs": HOUR, "message": "recording"}
    assert 200 <= told["blockedMs"] <= decision["waitedMs"]
    assert decision["announcedAtMs"] <= other["sinceAtMs"] <= told["sinceAtMs"]
    assert told["sinceAtMs"] == decision["releasedAtMs"]
    assert "lastDeferral" not in other and "message" not in other

    here = datetime.timezone(datetime.timedelta(hours=2))
    when = datetime.datetime.fromtimestamp(decision["releasedAtMs"] // 1000, here)
    environment = os.environ | {"TZ": "HERE-2"}
    _, output, _ = processes.reprieve(second, "history", "d", env=environment).end()
    (line,) = [line for line in output if "released" in line]
    assert line.split("  ")[1] == when.strftime("%Y-%m-%d %H:%M:%S +0200")
    assert line.endswith(f"all components were ready; last: {CAMERA}")
    (row,) = [line for line in output if line.startswith("  " + CAMERA)]
    assert row.endswith("  1 h: recording  saved")


def test_the_history_is_shown_in_part(daemon, processes):
    camera = daemon.component()
    coordinator = daemon.coordinator()
    for id, outcome in [("one", "applied"), ("two", "rolledBack"), ("three", "applied")]:
        gate = coordinator.gate(id)
        camera.notice()
        camera.acknowledge(id)
        gate.released()
        coordinator.complete(id, outcome)
        camera.post()

    def shown(*arguments):
        code, lines, errors = processes.reprieve(daemon, "history", *arguments).end()
        assert code == 0, errors
        return [line for line in lines if line.startswith("update")]

    assert shown("--outcome", "rolled-back") == ["update two: rolled-back"]
    assert len(shown("--since", "1h30m", "--component", CAMERA)) == 3
    assert shown("--component", ROBOT) == []
    code, lines, _ = processes.reprieve(daemon, "history", "--component", ROBOT).end()
    assert (code, lines) == (0, ["no update is like that"])
    assert shown("--outcome", "applied", "--limit", "1") == ["update three: applied"]


def test_both_programs_have_a_version(processes):
    for name in ["reprieve", "reprieved"]:
        code, (line,), _ = processes.start(BUILD / name, "--version").end()
        assert code == 0 and re.fullmatch(name + r" \d+\.\d+\.\d+", line)
