# SPDX-License-Identifier: Apache-2.0
"""People are told: `reprieve alert`, and `reprieve status --motd`."""

import os
import signal
import socket
import time

import pytest
from daemon import BUILD
from expect import CAMERA, HOUR, defer

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


def test_the_alerts_go_on_after_a_restart_of_the_broker(start, processes, script):
    first = start()
    following = alert(processes, first, "--on-override", script("hook", HOOK))
    first.stop()
    following.error_line("trying again")
    second = start()
    override(second, second.component(), "d")
    following.line("override d")


def test_the_last_call_is_told_once_with_wall(start, processes, script, tmp_path):
    daemon = start("--response-timeout", "500ms")
    told = '[ "$1" = -- ] && shift; echo "$*" >>"$0.said"; echo told >"$0.pipe"'
    script("wall", f"#!/bin/sh\n{told}\n")
    os.mkfifo(tmp_path / "wall.pipe")
    following = alert(processes, daemon, "--wall", PATH=f"{tmp_path}:{os.environ['PATH']}")
    camera = daemon.component()
    gate = daemon.coordinator().gate("d", {"deadlineMs": 1_500}, components=[CAMERA])
    camera.notice()
    camera.defer("d", HOUR)
    # Opening the pipe waits for the one that tells.
    assert (tmp_path / "wall.pipe").read_text() == "told\n"
    said = (tmp_path / "wall.said").read_text()
    assert said.startswith(f"Update d waits for {CAMERA}, and goes ahead at ")
    gate.released()
    stop(following)
    assert (tmp_path / "wall.said").read_text() == said and said.count("\n") == 1


def test_an_alert_of_nothing_is_wrong_usage(daemon, processes):
    code, _, errors = processes.reprieve(daemon, "alert").end()
    assert code == 64 and "--wall" in errors[0]


def test_the_message_of_the_day_has_one_line_if_an_update_waits(daemon, processes):
    assert processes.reprieve(daemon, "status", "--motd").end() == (0, [], [])
    defer(daemon, "d")
    other = daemon.coordinator().gate("e", isGgcRestarting=True, policy={"deadlineMs": 60_000})
    other.shows(CAMERA, "asked")
    code, [line], errors = processes.reprieve(daemon, "status", "--motd").end()
    assert (code, errors) == (0, [])
    assert line.startswith(f"Update e waits for {CAMERA}, and goes ahead at ")
    assert line.endswith(" at the latest: it restarts the nucleus; 1 more update waits.")


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
