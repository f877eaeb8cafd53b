# SPDX-License-Identifier: Apache-2.0
"""What the command shows on terminals: of every size, of every kind, in the background."""

import contextlib
import fcntl
import os
import pty
import re
import select
import signal
import struct
import sys
import termios
import time

import pytest
from daemon import BUILD
from expect import CAMERA, HOUR
from protocol import TIMEOUT

pytestmark = pytest.mark.skipif(
    not (BUILD / "reprieve").exists(), reason="the command is not built"
)


class Screen:
    """What a terminal of some size shows of what is written to it."""

    def __init__(self, processes, rows, columns, kind="xterm"):
        self._processes = processes
        self._ours, self._theirs = pty.openpty()
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.size = rows, columns
        self.seen = b""
        self.kind = kind

    def resize(self, rows, columns):
        """As a window's: what stood there is gone."""
        fcntl.ioctl(self._theirs, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.size, self.seen = (rows, columns), b""

    def start(self, daemon, *arguments, environment={}, **streams):
        streams = streams or {"stdout": self._theirs}
        streams = {name: self._theirs for name in streams}
        environment = os.environ | {"TERM": self.kind} | environment
        return self._processes.reprieve(daemon, *arguments, env=environment, **streams)

    def wait(self, text, timeout=TIMEOUT):
        """Waits until the screen shows a text."""
        end = time.monotonic() + timeout
        while text not in "\n".join(self.lines()):
            left = end - time.monotonic()
            ready, _, _ = select.select([self._ours], [], [], max(0, left))
            assert ready, f"{text!r} is not shown in {self.lines()}"
            self.seen += os.read(self._ours, 65536)

    def lines(self):
        rows, columns = self.size
        grid, row, column, wraps, self.scrolled = [""] * rows, 0, 0, True, 0
        for part in re.findall(r"\x1b\[\??[0-9]*[A-Za-z]|.", self.seen.decode(), re.DOTALL):
            if part == "\x1b[H":
                row = column = 0
            elif part == "\x1b[K":
                grid[row] = grid[row][:column]
            elif part == "\x1b[J":
                grid[row:] = [grid[row][:column]] + [""] * (rows - row - 1)
            elif part == "\x1b[2J":
                grid = [""] * rows
            elif part.startswith("\x1b") and part.endswith("m"):
                continue
            elif part in ("\x1b[?7l", "\x1b[?7h"):
                wraps = part.endswith("h")
            elif part == "\r":
                column = 0
            elif part == "\n":
                row += 1
            else:
                if column >= columns:
                    if not wraps:
                        continue
                    row, column = row + 1, 0
                    if row < rows:
                        grid[row] = ""
                if row < rows:
                    grid[row] = grid[row].ljust(column)[:column] + part + grid[row][column + 1 :]
                column += 1
            if row >= rows:
                grid, self.scrolled = grid[1:] + [""], self.scrolled + 1
                row = rows - 1
        return grid


@pytest.fixture
def screen(processes):
    return lambda *size, **options: Screen(processes, *size, **options)


def many(daemon, coordinator, count):
    """Components of an update that are ready, but for the camera."""
    names = [f"com.example.Part{number:02}" for number in range(count)]
    connection = daemon.component(names[0])
    others = [connection] + [daemon.component(name) for name in names[1:]]
    camera = daemon.component()
    coordinator.gate("d", reason="why")
    for component in others:
        component.notice()
        component.acknowledge("d")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    return camera


def test_a_watch_fits_its_terminal_and_shows_what_blocks(daemon, coordinator, screen):
    many(daemon, coordinator, 60)
    screen = screen(24, 80)
    screen.start(daemon, "status", "--watch")
    screen.wait("recording")
    screen.wait("61 components connected")
    shown = screen.lines()
    assert screen.scrolled == 0
    assert shown[0].startswith("update d: waiting")
    assert any("and 60 more" in line for line in shown), shown
    assert b"\x1b[2J" not in screen.seen


def test_what_still_has_no_room_is_counted(daemon, coordinator, screen):
    parts = [daemon.component(f"com.example.Part{number:02}") for number in range(30)]
    coordinator.gate("d")
    for part in parts:
        part.notice()
    screen = screen(10, 80)
    screen.start(daemon, "status", "--watch")
    screen.wait("more lines")
    assert screen.scrolled == 0 and "update d" in screen.lines()[0]


@pytest.mark.parametrize("columns", [30, 40, 60])
def test_on_a_narrow_terminal_the_time_left_stays(daemon, coordinator, screen, columns):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR, message="recording a film that takes very long")
    watch = screen(24, columns)
    watch.start(daemon, "status", "--watch")
    watch.wait("deferred")
    assert any("deferred" in line and "60 min" in line for line in watch.lines()), watch.lines()
    gate = screen(24, columns)
    gate.start(daemon, "gate", "--deployment-id", "e", stderr=True)
    camera.notice()
    camera.defer("e", HOUR, message="recording a film that takes very long")
    gate.wait("60 min left")


def test_a_watch_goes_on_after_a_restart_of_the_broker(start, screen, processes):
    first = start()
    watch = screen(24, 80)
    watched = watch.start(first, "status", "--watch")
    piped = processes.reprieve(first, "status", "--watch", "--json")
    watch.wait("no update")
    piped.line('"updates":[]')
    first.kill()
    piped.error_line("trying again")
    second = start()
    second.component()
    # Who was back before the component is told of it with the next update.
    second.coordinator().gate("d")
    watch.wait(CAMERA)
    piped.line(CAMERA)
    assert watched.process.poll() is None


def test_a_dumb_terminal_is_sent_no_escapes(daemon, screen):
    camera = daemon.component()
    dumb = screen(24, 80, kind="dumb")
    gate = dumb.start(daemon, "gate", "--deployment-id", "d", stderr=True)
    camera.notice()
    dumb.wait("waiting for")
    watch = screen(24, 80, kind="dumb")
    watch.start(daemon, "status", "--watch")
    watch.wait("update d")
    camera.acknowledge("d")
    assert gate.end()[0] == 0
    dumb.wait("released")
    assert b"\x1b" not in dumb.seen + watch.seen


BACKGROUND = """
import os, subprocess, sys
# The leader of a session whose terminal this is, in the foreground. The program is another job.
os.close(os.open(os.ttyname(0), os.O_RDWR))
job = subprocess.Popen(sys.argv[1:], process_group=0)
print("started", job.pid, flush=True)
job.wait()
"""


def test_a_job_in_the_background_does_not_draw_over_the_prompt(daemon, coordinator):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR, message="recording")
    command = [BUILD / "reprieve", "status", "--control-socket", daemon.control_socket, "--watch"]
    shell, terminal = pty.fork()
    if shell == 0:
        os.environ["TERM"] = "xterm"
        python = [sys.executable, "-c", BACKGROUND, *map(str, command)]
        os.execv(sys.executable, python)
    seen = b""
    end = time.monotonic() + 3.5
    while time.monotonic() < end:
        ready, _, _ = select.select([terminal], [], [], 0.1)
        if ready:
            seen += os.read(terminal, 65536)
    job = os.pidfd_open(int(re.search(rb"started (\d+)", seen)[1]))
    try:
        assert b"\x1b" not in seen, seen
        # No shell is left to end its job: without its terminal it ends by itself.
        os.kill(shell, signal.SIGKILL)
        os.waitpid(shell, 0)
        os.close(terminal)
        ended, _, _ = select.select([job], [], [], TIMEOUT)
        assert ended
    finally:
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(job, signal.SIGKILL)
        os.close(job)


def test_colours_are_for_terminals_and_not_for_those_who_want_none(daemon, coordinator, screen):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR)
    for environment, is_coloured in [({"NO_COLOR": ""}, True), ({"NO_COLOR": "1"}, False)]:
        for arguments in [(), ("--watch",)]:
            shown = screen(24, 80)
            shown.start(daemon, "status", *arguments, environment=environment)
            shown.wait("component connected")
            assert (b"\x1b[33m" in shown.seen) == is_coloured


def test_a_watch_is_drawn_again_when_its_terminal_has_another_size(daemon, screen):
    daemon.component()
    watch = screen(24, 80)
    watch.start(daemon, "status", "--watch")
    watch.wait(CAMERA)
    watch.resize(30, 100)
    watch.wait(CAMERA)


def test_one_update_is_shown_alone(daemon, coordinator, processes):
    coordinator.gate("d", policy={"action": "NOTIFY_COMPONENTS"}, components=["a.b"])
    camera = daemon.component()
    coordinator.gate("e")
    camera.notice()
    code, lines, errors = processes.reprieve(daemon, "status", "e").end()
    assert code == 0, errors
    assert [line.split(":")[0] for line in lines if line.startswith("update")] == ["update e"]
    code, _, errors = processes.reprieve(daemon, "status", "nope").end()
    assert code == 66 and "no update nope" in errors[0]


# What a gate shows where nothing is redrawn


def test_a_gate_says_for_whom_and_until_when_at_most(daemon, processes):
    camera = daemon.component()
    gate = processes.reprieve(daemon, "gate", "--deadline", "1h", "--deployment-id", "d")
    camera.notice()
    gate.error_line(f"waiting for {CAMERA} (asked), 60 s left; 0 of 1 ready; at most 60 min more")
    camera.defer("d", HOUR, message="recording")
    gate.error_line("(recording)")
    camera.acknowledge("d")
    assert gate.end()[0] == 0


def test_many_changes_at_once_are_few_lines_and_the_last_one_is_shown(daemon, processes):
    names = [f"com.example.Part{number:02}" for number in range(30)]
    parts = [daemon.component(name) for name in names]
    camera = daemon.component()
    gate = processes.reprieve(daemon, "gate", "--deployment-id", "d")
    for part in parts:
        part.notice()
    gate.error_line("0 of 31 ready")
    for part in parts:
        part.acknowledge("d")
    gate.error_line(f"waiting for {CAMERA} (asked), 60 s left; 30 of 31 ready")
    camera.notice()
    camera.acknowledge("d")
    code, _, lines = gate.end()
    assert code == 0 and len([line for line in lines if line.startswith("waiting")]) < 10


def test_a_quiet_gate_shows_only_its_end(daemon, processes):
    camera = daemon.component()
    gate = processes.reprieve(daemon, "gate", "--quiet", "--deployment-id", "d", "--", "true")
    camera.notice()
    camera.defer("d", 300)
    camera.notice()
    camera.acknowledge("d")
    code, _, lines = gate.end()
    assert code == 0
    assert [line.split(" ")[0] for line in lines] == ["released", "the"], lines
