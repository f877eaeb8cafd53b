# SPDX-License-Identifier: Apache-2.0
"""A command that runs commands is transparent: COMMAND finds what it would find without it."""

import os
import pathlib
import pty
import signal
import subprocess
import threading
import sys
import time

import pytest
from daemon import BUILD
from expect import CAMERA
from protocol import TIMEOUT

REPRIEVE = BUILD / "reprieve"
WRONG_USAGE, NOT_FOUND = 64, 127
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="this needs root")


def holding(daemon, *command, name=CAMERA):
    socket = ["--component-socket", daemon.component_socket, "--component", name]
    return [str(w) for w in [REPRIEVE, "hold", "--why", "flashing", *socket, "--"]] + [*command]


def gating(daemon, *command, options=()):
    return [str(w) for w in [REPRIEVE, "gate", "--control-socket", daemon.control_socket]] + [
        *options, "--", *command]  # fmt: skip


def run(command, **options):
    options = {"capture_output": True, "stdin": subprocess.DEVNULL, "timeout": TIMEOUT} | options
    return subprocess.run(command, **options)


def runs(daemon, command):
    """`hold` and `gate` as they run a command."""
    return [holding(daemon, *command), gating(daemon, *command)]


# Signals


def ignoring(number, command):
    start = ("import os, signal, sys;"
             f"signal.signal({int(number)}, signal.SIG_IGN);"
             "os.execv(sys.argv[1], sys.argv[1:])")  # fmt: skip
    return [sys.executable, "-c", start, *command]


@pytest.mark.parametrize(
    "number", [signal.SIGHUP, signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGUSR1]
)
def test_a_gate_does_not_take_a_signal_that_was_ignored_at_the_start(
    daemon, processes, coordinator, number
):
    camera = daemon.component()
    command = gating(daemon, "grep", "SigIgn", "/proc/self/status")
    program = processes.start(*ignoring(number, command))
    update = camera.notice()["deploymentId"]
    camera.defer(update, 60_000)
    program.error_line("Camera")
    program.signal(number)
    threading.Event().wait(0.2)
    camera.acknowledge(update)
    assert int(program.line("SigIgn").split()[1], 16) >> number - 1 & 1
    assert program.end()[0] == 0


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGINT, signal.SIGUSR1])
def test_a_hold_does_not_pass_on_a_signal_that_was_ignored_at_the_start(daemon, processes, number):
    # The command takes the signal again, and would end.
    script = (f"import signal; signal.signal({int(number)}, signal.SIG_DFL);"
              "print('up', flush=True); input(); exit(3)")  # fmt: skip
    command = ignoring(number, holding(daemon, sys.executable, "-c", script))
    program = processes.start(*command, stdin=-1)
    program.line("up")
    program.signal(number)
    threading.Event().wait(0.2)
    print(file=program.process.stdin, flush=True)
    assert program.end()[0] == 3


def test_listen_does_not_take_a_signal_that_was_ignored_at_the_start(
    daemon, processes, coordinator
):
    command = ["listen", "--component-socket", daemon.component_socket, "--component", CAMERA,
               "--exec", "true"]  # fmt: skip
    program = processes.start("sh", "-c", 'trap "" HUP; exec "$@"', "sh", REPRIEVE, *command)
    program.error_line("listening")
    program.signal(signal.SIGHUP)
    threading.Event().wait(0.2)
    assert coordinator.gate("d").released()["basis"] == "consent"
    program.error_line("may go ahead")
    program.signal(signal.SIGTERM)
    assert program.end()[0] == 0


@pytest.mark.parametrize("wrap", [holding, gating])
def test_an_exit_code_is_kept_where_SIGCHLD_was_ignored_at_the_start(daemon, wrap):
    # A shell would take SIGCHLD for itself.
    look = "[print(one) for one in open('/proc/self/status') if 'SigIgn' in one]; exit(7)"
    command = wrap(daemon, sys.executable, "-c", look)
    done = run(["python3", "-c", "import os, signal, sys;"
                "signal.signal(signal.SIGCHLD, signal.SIG_IGN);"
                "os.execv(sys.argv[1], sys.argv[1:])", *command])  # fmt: skip
    assert done.returncode == 7
    assert int(done.stdout.split()[1], 16) >> signal.SIGCHLD - 1 & 1


@pytest.mark.parametrize("wrap", [holding, gating])
def test_the_signals_that_were_blocked_at_the_start_are_blocked_in_the_command(daemon, wrap):
    def block():
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2])

    script = "import signal; print(*sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])))"
    done = run(wrap(daemon, sys.executable, "-c", script), preexec_fn=block)
    assert done.stdout.split() == [b"%d" % signal.SIGUSR2]


def test_the_loss_of_the_terminal_reaches_the_command(daemon, directory):
    script = "trap 'echo hung >$0; exit 5' HUP; echo up; while :; do sleep 0.05; done"
    mark = pathlib.Path(directory, "mark")
    process, terminal = pty.fork()
    if process == 0:
        # COMMAND is in the background, as under a shell with job control: it gets no signal.
        os.execv(REPRIEVE, holding(daemon, "setsid", "sh", "-c", script, str(mark)))
    while b"up" not in os.read(terminal, 1024):
        pass
    os.close(terminal)
    os.waitpid(process, 0)
    assert mark.read_text() == "hung\n"


COUNT = """
import os, select, signal, sys
numbers = []
for number in (signal.SIGINT, signal.SIGQUIT):
    signal.signal(number, lambda number, frame: numbers.append(number))
if "group" in sys.argv: os.setpgid(0, 0)
print("ready", os.getppid(), flush=True)
select.select([], [], [], 0.7)
open(sys.argv[1], "w").write(str(numbers))
"""
IN_BACKGROUND = """
import os, signal, sys
if os.fork(): os.wait(); os._exit(0)
os.setpgid(0, 0)
os.execv(sys.argv[1], sys.argv[1:])
"""
KEYS = {signal.SIGINT: b"\x03", signal.SIGQUIT: b"\x1c"}


def on_a_terminal(command, act):
    """Runs a command that prints "ready PID", as the foreground job of a terminal."""
    process, terminal = pty.fork()
    if process == 0:
        os.execv(command[0], command)
    text = b""
    while b"ready" not in text or not text.endswith(b"\n"):
        text += os.read(terminal, 1024)
    act(terminal, int(text.split(b"ready ")[1].split()[0]))
    os.waitpid(process, 0)
    os.close(terminal)


@pytest.mark.parametrize("wrap", [holding, gating])
@pytest.mark.parametrize("number", KEYS)
@pytest.mark.parametrize("where", ["foreground", "group"])
def test_a_key_reaches_the_command_once(daemon, directory, wrap, number, where):
    mark = pathlib.Path(directory, "mark")
    command = wrap(daemon, sys.executable, "-c", COUNT, str(mark), where)
    on_a_terminal(command, lambda terminal, _: os.write(terminal, KEYS[number]))
    assert mark.read_text() == str([int(number)])


@pytest.mark.parametrize("wrap", [holding, gating])
@pytest.mark.parametrize("where", ["foreground", "group", "background"])
def test_a_signal_to_this_process_alone_reaches_the_command_once(daemon, directory, wrap, where):
    mark = pathlib.Path(directory, "mark")
    command = wrap(daemon, sys.executable, "-c", COUNT, str(mark), where)
    if where == "background":
        command = [sys.executable, "-c", IN_BACKGROUND, *command]
    on_a_terminal(command, lambda _, process: os.kill(process, signal.SIGINT))
    assert mark.read_text() == str([int(signal.SIGINT)])


# Bytes


LATIN = b"caf\xe9 \xf4\x8f\xbf\xa9 \xff"


@pytest.mark.parametrize("wrap", [holding, gating])
def test_arguments_and_variables_keep_their_bytes(daemon, wrap):
    command = wrap(daemon, "sh", "-c", 'printf "%s|%s" "$1" "$LEGACY"', "sh", LATIN)
    done = run(command, env=os.environb | {b"LEGACY": LATIN})
    assert done.stdout == LATIN + b"|" + LATIN, done.stderr


def test_the_path_of_a_command_keeps_its_bytes(daemon, directory):
    script = os.fsencode(directory) + b"/caf\xe9"
    with open(script, "wb") as file:
        file.write(b"#!/bin/sh\necho ran\n")
    os.chmod(script, 0o755)
    for command in runs(daemon, [script]):
        assert run(command).stdout == b"ran\n"


def test_a_hook_keeps_its_bytes(daemon, processes, coordinator):
    options = ["--component-socket", daemon.component_socket, "--component", CAMERA]
    program = subprocess.Popen(
        [REPRIEVE, "listen", *options, "--exec", "sh", "--", "-c",
         'printf "30s %s" "$1" | od -An -tx1 >&2; exit 0', "sh", b"caf\xe9"],
        stderr=subprocess.PIPE,
    )  # fmt: skip
    while b"listening" not in program.stderr.readline():
        pass
    assert coordinator.gate("d").released()["basis"] == "consent"
    program.terminate()
    assert b"63 61 66 e9" in program.stderr.read()
    program.wait(TIMEOUT)
    program.stderr.close()


def test_a_socket_path_keeps_its_bytes(daemon, directory):
    link = os.fsencode(directory) + b"/s\xe9"
    os.symlink(daemon.control_socket, link)
    done = run([REPRIEVE, "status", "--control-socket", link])
    assert done.returncode == 0, done.stderr
    done = run([REPRIEVE, "status", b"--control-socket=" + link])
    assert done.returncode == 0, done.stderr


# What belongs to a process


@needs_root
@pytest.mark.parametrize("wrap", [holding, gating])
def test_the_nice_value_is_the_command_s_too(daemon, wrap):
    done = run(["nice", "-n", "10", *wrap(daemon, "nice")])
    assert done.stdout == b"10\n"


@pytest.mark.parametrize("wrap", [holding, gating])
def test_the_processors_and_the_timer_slack_are_the_command_s_too(daemon, wrap):
    libc = "ctypes.CDLL(None).prctl"
    set_up = f"import ctypes, os, sys; {libc}(29, 123456); os.sched_setaffinity(0, [0]);"
    script = f"import ctypes, os; print({libc}(30), os.sched_getaffinity(0))"
    done = run([sys.executable, "-c", set_up + "os.execv(sys.argv[1], sys.argv[1:])",
                *wrap(daemon, sys.executable, "-c", script)])  # fmt: skip
    assert done.stdout == b"123456 {0}\n"


@pytest.mark.parametrize("wrap", [holding, gating])
def test_the_variables_of_a_service_name_the_command(daemon, wrap):
    script = "echo $$ $LISTEN_PID $WATCHDOG_PID $SYSTEMD_EXEC_PID $NOTIFY_SOCKET ${LISTEN_PIDFDID-}"
    start = ("import os, sys\nnumber = str(os.getpid())\n"
             "given = dict.fromkeys(['LISTEN_PID', 'WATCHDOG_PID', 'SYSTEMD_EXEC_PID'], number)\n"
             "given |= {'NOTIFY_SOCKET': '@none', 'LISTEN_PIDFDID': '1'}\n"
             "os.execve(sys.argv[1], sys.argv[1:], os.environ | given)")  # fmt: skip
    done = run([sys.executable, "-c", start, *wrap(daemon, "sh", "-c", script)])
    shell, *rest = done.stdout.decode().split()
    assert rest == [shell, shell, shell, "@none"]


def test_variables_of_another_process_stay_as_they_are(daemon):
    environment = os.environ | {"LISTEN_PID": "1"}
    done = run(holding(daemon, "sh", "-c", "echo $LISTEN_PID"), env=environment)
    assert done.stdout == b"1\n"


@needs_root
@pytest.mark.parametrize("wrap", [holding, gating])
def test_the_first_process_of_a_container_leaves_no_zombies(daemon, wrap):
    script = """
for one in 1 2 3; do (setsid sh -c 'exec true' &); done
for try in $(seq 100); do
    grep -l "State:.Z" /proc/[0-9]*/status >/dev/null 2>&1 || { echo clean; exit 4; }
    sleep 0.05
done"""
    command = wrap(daemon, "sh", "-c", script)
    if wrap is holding:
        # In another process namespace a component needs a token; this runs without a broker.
        command[command.index("--component-socket") + 1] += ".none"
    done = run(["unshare", "--pid", "--fork", "--mount-proc", *command])
    assert (done.returncode, done.stdout) == (4, b"clean\n"), done.stderr


def test_children_of_an_earlier_program_are_reaped(daemon):
    script = 'true & sleep 0.2 & exec "$@"'
    inner = ("for try in $(seq 100); do ps --ppid $PPID -o stat= | grep -q Z || exit 4;"
             " sleep 0.05; done")  # fmt: skip
    done = run(["sh", "-c", script, "sh", *holding(daemon, "sh", "-c", "sleep 0.4; " + inner)])
    assert done.returncode == 4


# Descriptors, and the way to the arguments


CLOSED = "exec <&- >&- 2>&-; "


@pytest.mark.parametrize("subcommand", ["hold", "gate", "listen"])
def test_closed_descriptors_are_not_opened_as_something_else(daemon, directory, subcommand):
    mark = pathlib.Path(directory, "mark")
    look = ["sh", "-c", 'readlink /proc/$PPID/fd/0 /proc/$PPID/fd/1 /proc/$PPID/fd/2 >"$0"',
            str(mark)]  # fmt: skip
    if subcommand in ("hold", "gate"):
        wrap = {"hold": holding, "gate": gating}[subcommand]
        run(["sh", "-c", CLOSED + 'exec "$@"', "sh", *wrap(daemon, *look)])
        assert mark.read_text() == "/dev/null\n" * 3
        return
    listening = ["--component", CAMERA, "--exec", "true", "--component-socket"]
    with subprocess.Popen(["sh", "-c", CLOSED + 'exec "$@"', "sh", REPRIEVE, subcommand,
                           *listening, daemon.component_socket]) as program:  # fmt: skip
        wait_until(lambda: connected(program.pid))
        ends = [os.readlink(f"/proc/{program.pid}/fd/{number}") for number in range(3)]
        program.kill()
    assert ends == ["/dev/null"] * 3


def connected(process):
    try:
        names = os.listdir(f"/proc/{process}/fd")
        return any("socket:" in os.readlink(f"/proc/{process}/fd/{name}") for name in names)
    except OSError:
        return False


def wait_until(condition):
    end = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < end
        threading.Event().wait(0.02)


def test_the_daemon_opens_what_is_closed(directory):
    state = pathlib.Path(directory, "state")
    command = [BUILD / "reprieved", "--runtime-directory", directory, "--state-directory", state]
    with subprocess.Popen(["sh", "-c", CLOSED + 'exec "$@"', "sh", *command]) as program:
        wait_until(lambda: pathlib.Path(directory, "control.socket").exists())
        ends = [os.readlink(f"/proc/{program.pid}/fd/{number}") for number in range(3)]
        program.terminate()
    assert ends == ["/dev/null"] * 3


WITHOUT_PROC = {
    "not mounted": "umount -l /proc",
    "hidden": "mount -t tmpfs none /proc",
}


@needs_root
@pytest.mark.parametrize("way", WITHOUT_PROC)
def test_a_command_runs_where_proc_is_not_mounted(daemon, way):
    # The dispatch library would end one program in twenty.
    inside = ["unshare", "--mount", "sh", "-c", WITHOUT_PROC[way] + ' && exec "$@"', "sh"]
    look = [REPRIEVE, "status", "--control-socket", daemon.control_socket]
    for command in [*runs(daemon, ["echo", "ran"]), look]:
        ends = [run([*inside, *command]) for _ in range(40)]
        codes = [end.returncode for end in ends]
        assert codes == [0] * len(ends), ends[-1].stderr
        assert all(end.stdout for end in ends)


@needs_root
def test_the_daemon_reads_its_arguments_where_proc_is_not_mounted():
    inside = ["unshare", "--mount", "sh", "-c", 'umount -l /proc && exec "$@"', "sh"]
    done = run([*inside, BUILD / "reprieved", "--version"])
    assert done.stdout.startswith(b"reprieved ")


def test_help_that_was_not_asked_for_is_wrong_usage():
    done = run([REPRIEVE])
    assert (done.returncode, done.stdout) == (WRONG_USAGE, b"")
    assert b"--help" in done.stderr
    assert run([REPRIEVE, "--help"]).returncode == 0


# Scripts


def script(directory, text, name="script"):
    path = pathlib.Path(directory, name)
    path.write_bytes(text)
    path.chmod(0o755)
    return str(path)


def test_a_script_without_an_interpreter_is_run_by_sh(daemon, directory):
    path = script(directory, b'echo "ran $1"\n')
    for command in runs(daemon, [path, "it"]):
        done = run(command)
        assert (done.returncode, done.stdout) == (0, b"ran it\n"), done.stderr


def test_a_program_for_another_machine_is_not_run_by_sh(daemon, directory):
    # Of a machine that nobody has. A shell would find a command in it, and succeed.
    program = b"\x7fELF\2\1\1" + bytes(11) + b"\xfe\xfe" + b"\necho ran\n"
    path = script(directory, program)
    for command in runs(daemon, [path]):
        done = run(command)
        assert (done.returncode, done.stdout) == (NOT_FOUND, b""), done.stderr
        assert b"cannot start" in done.stderr and b"Exec format error" in done.stderr


@pytest.mark.parametrize("line", [b"#!/bin/sh\r", b"#!/no/such/thing", b"#!/usr/bin/env nothing-x",
                                  b"#! /usr/bin/env python3\r"])  # fmt: skip
def test_a_missing_interpreter_is_found_before_anything_is_announced(
    daemon, directory, coordinator, line
):
    path = script(directory, line + b"\necho ran\n")
    for command in runs(daemon, [path]):
        done = run(command)
        assert done.returncode == NOT_FOUND, done.stderr
        assert b"nothing was done" in done.stderr
    assert coordinator.status()["updates"] == []


def with_loader(directory, loader, name="program"):
    """A copy of true(1) that names another dynamic loader."""
    program = pathlib.Path("/usr/bin/true").read_bytes()
    table, size, count = (int.from_bytes(program[a:b], "little")
                          for a, b in [(32, 40), (54, 56), (56, 58)])  # fmt: skip
    entries = [program[table + size * number :][:size] for number in range(count)]
    entry = next(entry for entry in entries if entry[0] == 3)
    place, length = (int.from_bytes(entry[a:b], "little") for a, b in [(8, 16), (32, 40)])
    loader = loader.ljust(length, b"\0")
    assert len(loader) == length
    return script(directory, program[:place] + loader + program[place + length :], name)


def test_a_missing_dynamic_loader_is_found_before_anything_is_announced(
    daemon, directory, coordinator
):
    program = with_loader(directory, b"/lib/ld-none.so")
    indirect = script(directory, b"#!" + os.fsencode(program) + b"\n", "indirect")
    by_env = script(directory, b"#!/usr/bin/env " + os.fsencode(program) + b"\n", "by_env")
    for path in program, indirect, by_env:
        for command in runs(daemon, [path]):
            done = run(command)
            assert done.returncode == NOT_FOUND, done.stderr
            assert b"needs /lib/ld-none.so, which is not found; nothing was done" in done.stderr
    assert coordinator.status()["updates"] == []
    for text in b"\x7fELF", pathlib.Path(program).read_bytes()[:80]:
        # What the kernel will make of it is not known.
        run(holding(daemon, script(directory, text, "cut")), cwd=directory)


def test_a_program_of_another_machine_is_the_emulator_s_to_judge(daemon, directory):
    program = bytearray(pathlib.Path(with_loader(directory, b"/lib/ld-none.so")).read_bytes())
    program[18:20] = (40).to_bytes(2, "little")
    done = run(holding(daemon, script(directory, bytes(program), "arm")), cwd=directory)
    assert b"ld-none.so" not in done.stderr


def test_a_script_that_is_being_replaced_is_tried_again(daemon, directory, processes):
    path = script(directory, b"#!/bin/sh\necho ran\n")
    camera = daemon.component()
    program = processes.start(*gating(daemon, path))
    update = camera.notice()["deploymentId"]
    with open(path, "r+b"):
        # Nobody starts a file that is open for writing: ETXTBSY.
        camera.acknowledge(update)
        program.error_line("released")
        threading.Event().wait(0.3)
    code, lines, _ = program.end()
    assert (code, lines) == (0, ["ran"])


def listening(processes, daemon, path, *options):
    socket = ["--component-socket", daemon.component_socket, "--component", CAMERA]
    program = processes.start(REPRIEVE, "listen", *socket, *options, "--exec", path)
    program.error_line("listening")
    return program


@pytest.mark.parametrize("text", [b"#!/bin/sh\nkill -SEGV $$\n", b"#!/bin/sh\nexit 127\n",
                                  b"#!/bin/sh\nsh -c 'kill -KILL $$'\nexit $?\n"])  # fmt: skip
def test_a_hook_that_dies_does_not_consent(daemon, directory, processes, coordinator, text):
    program = listening(processes, daemon, script(directory, text))
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 1500})
    program.error_line("no answer is given")
    released = gate.released()
    assert (released["basis"], released["silent"]) == ("silence", [CAMERA])


def test_a_hook_that_cannot_start_is_tried_again_while_there_is_time(
    daemon, directory, processes, coordinator
):
    path = script(directory, b"#!/bin/sh\nexit 0\n")
    program = listening(processes, daemon, path)
    os.rename(path, path + ".new")
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 5000})
    gate.shows(CAMERA, "asked")
    threading.Event().wait(0.3)
    os.rename(path + ".new", path)
    program.error_line("may go ahead")
    assert gate.released()["basis"] == "consent"


@pytest.mark.parametrize("choice, state", [("acknowledge", "acknowledged"), ("defer", "deferred")])
def test_what_a_failed_hook_means_can_be_chosen(
    daemon, directory, processes, coordinator, choice, state
):
    daemon.component("com.example.Robot")
    listening(processes, daemon, script(directory, b"#!/bin/sh\nkill -9 $$\n"),
              "--on-failure", choice)  # fmt: skip
    coordinator.gate("d").shows(CAMERA, state)


# Each other


@pytest.mark.parametrize("given", [[], ["--deployment-id", "d"]])
def test_a_gate_in_a_held_command_does_not_wait_for_it(daemon, given):
    done = run(holding(daemon, *gating(daemon, "echo", "ran", options=given)))
    assert (done.returncode, done.stdout) == (0, b"ran\n"), done.stderr
    assert b"despite" not in done.stderr


def test_a_gate_in_a_held_command_waits_for_other_components(daemon, processes, coordinator):
    robot = daemon.component("com.example.Robot")
    program = processes.start(*holding(daemon, *gating(daemon, "echo", "ran")))
    update = robot.notice()["deploymentId"]
    robot.defer(update, 60_000)
    program.error_line("Robot")
    robot.acknowledge(update)
    assert program.end()[:2] == (0, ["ran"])


def test_an_update_that_waits_for_a_hold_is_announced_by_its_command_too(
    daemon, processes, coordinator
):
    inner = gating(daemon, "echo", "ran", options=["--deployment-id", "d"])
    command = ["sh", "-c", 'echo up; read line; exec "$@"', "sh", *inner]
    program = processes.start(*holding(daemon, *command), stdin=-1)
    program.line("up")
    gate = coordinator.gate("d")
    gate.shows(CAMERA, "deferred")
    print(file=program.process.stdin, flush=True)
    assert gate.released()["basis"] == "consent"


def test_a_hold_in_the_command_of_a_gate_does_not_wait_for_it(daemon):
    for if_underway in ("refuse", "wait"):
        inner = holding(daemon, "echo", "ran")
        inner[2:2] = ["--if-underway", if_underway]
        done = run(gating(daemon, *inner))
        assert (done.returncode, done.stdout) == (0, b"ran\n"), done.stderr


def test_hold_and_gate_nest_in_each_other(daemon):
    done = run(holding(daemon, *gating(daemon, *holding(daemon, "echo", "ran"))))
    assert (done.returncode, done.stdout) == (0, b"ran\n"), done.stderr


def test_long_lists_in_the_environment_are_cut_and_counted(daemon, coordinator):
    names = [f"com.example.{number:04}." + "x" * 100 for number in range(300)]
    silent = [daemon.component(name) for name in names]
    script = "echo ${#REPRIEVE_SILENT} $REPRIEVE_SILENT_COUNT $REPRIEVE_OVERRIDDEN_COUNT"
    done = run(gating(daemon, "sh", "-c", script, options=["--response-timeout", "100ms"]))
    length, count, overridden = map(int, done.stdout.split())
    assert (count, overridden) == (len(silent), 0)
    assert 10_000 < length < 20_000


# The daemon's paths


@pytest.mark.parametrize("joined", [True, False])
def test_the_daemon_s_directories_keep_their_bytes(directory, joined):
    runtime, state = (os.fsencode(directory) + name for name in (b"/r\xe9", b"/s\xf4\x8f\xbf\xa9"))
    given = [(b"--runtime-directory", runtime), (b"--state-directory", state)]
    words = [word for one in given for word in one]
    options = [b"=".join(one) for one in given] if joined else words
    os.mkdir(runtime)
    with subprocess.Popen([BUILD / "reprieved", *options]) as program:
        socket = runtime + b"/control.socket"
        wait_until(lambda: os.path.exists(socket))
        done = run([REPRIEVE, "status", "--control-socket", socket])
        assert done.returncode == 0, done.stderr
        program.terminate()
        assert program.wait(TIMEOUT) == 0
    assert not os.path.exists(socket)
    assert os.path.isdir(state) and b"r\xe9" in os.listdir(os.fsencode(directory))
