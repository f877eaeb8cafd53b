# SPDX-License-Identifier: Apache-2.0
"""People are told: `reprieve alert`, and `reprieve status --motd`."""

import os
import signal
import socket
import time

import pytest
from daemon import BUILD
from expect import CAMERA, HOUR, ROBOT, defer, history

HOOK = """#!/bin/sh
echo "$REPRIEVE_EVENT $REPRIEVE_DEPLOYMENT_ID $REPRIEVE_COMPONENT $REPRIEVE_BASIS" \\
    "by=$REPRIEVE_FORCED_BY reason=$REPRIEVE_FORCE_REASON message=$REPRIEVE_MESSAGE"
"""


@pytest.fixture
def script(tmp_path):
    def script(name, text):
        path = tmp_path / name
        path.write_text(text)
        path.chmod(0o755)
        return path

    return script


@pytest.fixture
def wall(script, tmp_path):
    """A `wall` in place of the system's: its PATH, and a function that waits until it is used."""
    told = '[ "$1" = -- ] && shift; echo "$*" >>"$0.said"; echo told >"$0.pipe"'
    script("wall", f"#!/bin/sh\n{told}\n")
    os.mkfifo(tmp_path / "wall.pipe")

    def said():
        # Opening the pipe waits for the one that tells.
        assert (tmp_path / "wall.pipe").read_text() == "told\n"
        return (tmp_path / "wall.said").read_text().splitlines()

    said.path = f"{tmp_path}:{os.environ['PATH']}"
    return said


def alert(processes, daemon, *options, **environment):
    following = processes.reprieve(daemon, "alert", *options, env=os.environ | environment)
    following.error_line("following")
    return following


def stop(following):
    following.signal(signal.SIGTERM)
    code, lines, _ = following.end()
    assert code == 0
    return lines


def override(daemon, camera, id):
    """Forces an update that the camera defers, and completes it."""
    gate = daemon.coordinator().gate(id, components=[CAMERA])
    camera.notice()
    camera.defer(id, HOUR, message="recording")
    daemon.coordinator().force(id, "a hole is being used")
    assert camera.notice()["lastCall"]
    gate.released()
    daemon.coordinator().complete(id)
    camera.post()


def test_a_hook_runs_once_for_each_component_that_is_overridden(daemon, processes, script):
    camera = daemon.component()
    override(daemon, camera, "before")
    following = alert(processes, daemon, "--on-override", script("hook", HOOK))
    override(daemon, camera, "first")
    line = following.line("first")
    assert line.startswith(f"override first {CAMERA} forced by=uid ")
    assert line.endswith("reason=a hole is being used message=recording")
    # One that is not overridden, and the outcome of an earlier one, are no news.
    gate = daemon.coordinator().gate("agreed", components=[CAMERA])
    camera.notice()
    camera.acknowledge("agreed")
    gate.released()
    daemon.coordinator().complete("agreed")
    camera.post()
    override(daemon, camera, "last")
    following.line("last")
    lines = stop(following)
    assert [line.split()[1] for line in lines] == ["first", "last"]


def test_a_hook_that_fails_is_told_and_the_next_one_runs(daemon, processes, script):
    camera = daemon.component()
    hook = script("hook", "#!/bin/sh\necho $REPRIEVE_DEPLOYMENT_ID $1\nexit 3\n")
    following = alert(processes, daemon, "--on-override", hook, "--", "word")
    for id in "one", "two":
        override(daemon, camera, id)
        following.line(f"{id} word")
        following.error_line("COMMAND ended with exit code 3")


def test_a_hook_that_is_killed_is_told(daemon, processes, script):
    camera = daemon.component()
    hook = script("hook", "#!/bin/sh\nkill -9 $$\n")
    following = alert(processes, daemon, "--on-override", hook)
    override(daemon, camera, "one")
    following.error_line("COMMAND was killed by signal 9")


def force_all(daemon, id, cameras, message):
    """Forces an update that all of them defer, and leaves it under way."""
    gate = daemon.coordinator().gate(id, components=list(cameras))
    for camera in cameras.values():
        camera.notice()
        camera.defer(id, HOUR, message=message)
    daemon.coordinator().force(id, "a hole is being used")
    gate.released()


def test_each_overridden_component_is_told_however_much_it_has_said(daemon, processes, script):
    cameras = {f"com.example.C{n:02}": daemon.component(f"com.example.C{n:02}") for n in range(12)}
    following = alert(processes, daemon, "--on-override", script("hook", HOOK))
    force_all(daemon, "d", cameras, "x" * 1_024)
    for name in cameras:
        following.line(f"override d {name} forced")
    daemon.coordinator().complete("d")
    override(daemon, daemon.component(), "last")
    following.line("last")
    assert [line.split()[1] for line in stop(following)] == ["d"] * 12 + ["last"]


def test_an_update_that_ends_long_after_its_override_is_told_once(daemon, processes, script):
    following = alert(processes, daemon, "--on-override", script("hook", HOOK))
    force_all(daemon, "d", {CAMERA: daemon.component()}, "recording")
    following.line("override d")
    # More than the history has room for. It keeps what has no outcome yet.
    operator = daemon.coordinator()
    for n in range(130):
        gate = operator.gate(f"other-{n}", {"action": "SKIP_NOTIFY_COMPONENTS"}, exclusive=False)
        gate.released()
        operator.complete(f"other-{n}")
    assert history(daemon, deploymentId="d")
    force_all(daemon, "mark-1", {ROBOT: daemon.component(ROBOT)}, "moving")
    following.line("override mark-1")
    operator.complete("d")
    assert history(daemon, deploymentId="d")
    till = "com.example.Till"
    force_all(daemon, "mark-2", {till: daemon.component(till)}, "selling")
    following.line("override mark-2")
    assert [line.split()[1] for line in stop(following)] == ["d", "mark-1", "mark-2"]


def test_hooks_that_wait_are_limited_and_the_rest_is_told(daemon, processes, script, tmp_path):
    os.mkfifo(tmp_path / "gate")
    hook = script("hook", f"#!/bin/sh\necho $REPRIEVE_COMPONENT\nread line <{tmp_path}/gate\n")
    following = alert(processes, daemon, "--on-override", hook)
    names = [f"com.example.C{n:03}" for n in range(120)]
    cameras = {name: daemon.component(name) for name in names}
    for n in range(4):
        part = {name: cameras[name] for name in names[n * 30 : n * 30 + 30]}
        force_all(daemon, f"d-{n}", part, "recording")
    left_out = 0
    while left_out < 120 - 65:
        line = following.error_line("COMMAND is not run for ")
        left_out += int(line.split("COMMAND is not run for ")[1].split()[0])
    assert left_out == 120 - 65
    # The writer keeps the pipe open, so that each hook reads an end of file.
    for _ in range(65):
        (tmp_path / "gate").write_text("go\n")
        following.line("com.example.C")
    assert len(stop(following)) == 65


def test_a_hook_that_never_ends_is_ended(daemon, processes, script):
    camera = daemon.component()
    hook = script("hook", "#!/bin/sh\ntrap '' TERM\necho begun\nwhile :; do sleep 60; done\n")
    following = alert(processes, daemon, "--on-override", hook, "--time-limit", "300ms")
    for id in "one", "two":
        override(daemon, camera, id)
        following.error_line("COMMAND was ended after 0.3 s: killed by signal 9")
        following.line("begun")
    stop(following)


def test_the_alerts_go_on_after_a_restart_of_the_broker(start, processes, script):
    first = start()
    following = alert(processes, first, "--on-override", script("hook", HOOK))
    first.stop()
    following.error_line("trying again")
    second = start()
    override(second, second.component(), "d")
    following.line("override d")


def test_the_last_call_is_told_once_with_wall(start, processes, wall, tmp_path):
    daemon = start("--response-timeout", "500ms")
    following = alert(processes, daemon, "--wall", PATH=wall.path)
    camera = daemon.component()
    gate = daemon.coordinator().gate("d", {"deadlineMs": 1_500}, components=[CAMERA])
    camera.notice()
    camera.defer("d", HOUR)
    (said,) = wall()
    assert said.startswith(f"Update d waits for {CAMERA}, and goes ahead at ")
    gate.released()
    stop(following)
    assert (tmp_path / "wall.said").read_text() == said + "\n"


def test_the_last_call_is_told_when_the_update_itself_gives_it(start, processes, wall):
    daemon = start("--response-timeout", "10ms")
    following = alert(processes, daemon, "--wall", PATH=wall.path)
    policy = {"deadlineMs": 4_000, "responseTimeoutMs": 3_500}
    camera = daemon.component()
    gate = daemon.coordinator().gate("d", policy, components=[CAMERA])
    camera.notice()
    camera.defer("d", HOUR)
    wall()
    (update,) = daemon.coordinator().status()["updates"]
    assert 200 < update["deadlineInMs"] <= 2_000
    daemon.coordinator().cancel("d")
    gate.end()
    stop(following)


def test_the_last_call_of_an_id_that_is_used_again_is_told(start, processes, wall):
    daemon = start()
    following = alert(processes, daemon, "--wall", PATH=wall.path)
    coordinator = daemon.coordinator()
    camera = daemon.component()
    for number in 1, 2:
        gate = coordinator.gate("d", {"deadlineMs": 3_000}, components=[CAMERA])
        camera.notice()
        camera.defer("d", HOUR)
        assert len(wall()) == number
        assert camera.notice()["lastCall"]
        camera.defer("d", HOUR)
        # The next update is announced before the alert has looked again.
        coordinator.cancel("d")
        camera.post()
    stop(following)


def test_an_alert_of_nothing_is_wrong_usage(daemon, processes):
    code, _, errors = processes.reprieve(daemon, "alert").end()
    assert code == 64 and "--wall" in errors[0]


def test_the_message_of_the_day_has_the_update_that_goes_ahead_next(daemon, processes):
    assert processes.reprieve(daemon, "status", "--motd").end() == (0, [], [])
    defer(daemon, "d")
    other = daemon.coordinator().gate("e", isGgcRestarting=True, policy={"deadlineMs": 60_000})
    other.shows(CAMERA, "asked")
    code, lines, errors = processes.reprieve(daemon, "status", "--motd").end()
    assert (code, errors) == (0, [])
    assert max(map(len, lines)) <= 80
    line = " ".join(line.strip() for line in lines)
    assert line.startswith(f"Update e waits for {CAMERA}, and goes ahead at ")
    assert line.endswith(" at the latest: it restarts the nucleus; 1 more update waits.")


def test_what_others_say_has_no_control_over_a_message_and_little_room(start, processes, wall):
    daemon = start("--response-timeout", "1m")
    following = alert(processes, daemon, "--wall", PATH=wall.path)
    reason = "\033[2J" + "長" * 200
    policy = {"deadlineMs": 2_000}
    names = [f"com.example.{'x' * 100}{n}" for n in range(9)]
    cameras = [daemon.component(name) for name in names]
    gate = daemon.coordinator().gate("d" * 200, policy, reason=reason, components=names)
    for camera in cameras:
        camera.notice()
        camera.defer("d" * 200, HOUR)
    code, lines, errors = processes.reprieve(daemon, "status", "--motd").end()
    assert (code, errors) == (0, []) and len(lines) <= 5
    columns = [sum(2 if ord(one) > 0x2E80 else 1 for one in line) for line in lines]
    assert max(columns) <= 80
    (said,) = wall()
    assert "\033" not in said and r"\u{1b}[2J" in said
    assert sum(2 if ord(one) > 0x2E80 else 1 for one in said) <= 5 * 80
    gate.released()
    stop(following)


def test_the_message_of_the_day_never_fails_or_delays_a_login(processes, tmp_path):
    motd = ["status", "--motd", "--control-socket"]
    for path in ["/nowhere/socket", "/etc/passwd"]:
        assert processes.start(BUILD / "reprieve", *motd, path).end() == (0, [], [])
    # One that accepts and says nothing.
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(tmp_path / "silent"))
        silent.listen()
        begun = time.monotonic()
        assert processes.start(BUILD / "reprieve", *motd, tmp_path / "silent").end() == (0, [], [])
        assert time.monotonic() - begun < 4
