#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the command costs from exec to its end, and a component that waits, each beside a program in
C that exchanges the same frames. Needs strace, time and valgrind.

    Tests/Benchmarks/client-cost.py PROGRAMS

PROGRAMS has reprieved, reprieve and sample-component, as Packaging/build-release.sh builds them.
"""

import os
import pathlib
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).parent
COMPILER = [os.environ.get("CC", "cc"), "-std=gnu17", "-D_GNU_SOURCE", "-O2", "-w", "-o"]
# Longer than the worker threads of Swift's tasks wait for more work.
SETTLING, WATCHED = 7, 10


def resources(place, *command):
    """Page faults, kB of memory and seconds of a processor that a program takes to its end."""
    # Started by a small program: a process has the largest memory of what it was before, too.
    timed = ["time", "--format", "%R %M", "--output", f"{place}/time"]
    subprocess.run([*timed, *command], capture_output=True, check=True)
    faults, memory = pathlib.Path(place, "time").read_text().split()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    usage = os.wait4(process.pid, 0)[2]
    return int(faults), int(memory), usage.ru_utime + usage.ru_stime


def system_calls(report):
    """Of a program's own threads: what it runs makes calls, too."""
    lines = pathlib.Path(report).read_text().splitlines()
    ran = {line.split()[0] for line in lines if "execve(" in line}
    first = lines[0].split()[0]
    calls = [line for line in lines if "(" in line and "resumed>" not in line]
    return sum(line.split()[0] not in ran - {first} for line in calls)


def command(place, *command):
    """Counts of a program that runs to its end."""
    program = pathlib.Path(command[0])
    taken = zip(*(resources(place, *command) for _ in range(21)))
    faults, memory, seconds = (statistics.median(values) for values in taken)
    trace = ["strace", "-f", "-o", f"{place}/calls"]
    subprocess.run([*trace, *command], capture_output=True, check=True)
    tool = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={place}/profile"]
    counted = subprocess.run([*tool, *command], capture_output=True, text=True, check=True)
    instructions = int(re.search(r"Collected : (\d+)", counted.stderr)[1])
    return {
        "instructions": f"{instructions / 1e6:.2f} M",
        "system calls": system_calls(f"{place}/calls"),
        "page faults": faults,
        "RSS kB": memory,
        "CPU ms": round(1e3 * seconds, 1),
        "file kB": program.stat().st_size // 1024,
    }


def state(pid):
    lines = pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    return {line.split(":")[0]: int(line.split()[1]) for line in lines}


def waits(pid):
    texts = [path.read_text() for path in pathlib.Path(f"/proc/{pid}/task").glob("*/status")]
    return sum(int(re.search(r"\nvoluntary_ctxt_switches:\s+(\d+)", text)[1]) for text in texts)


def component(place, environment, *command):
    """Counts of a program that has subscribed and waits."""
    traced = subprocess.Popen(["strace", "-f", "-o", f"{place}/calls", *command], env=environment)
    process = subprocess.Popen(command, env=environment)
    try:
        time.sleep(SETTLING)
        memory, before = state(process.pid), waits(process.pid)
        threads = len(os.listdir(f"/proc/{process.pid}/task"))
        calls = system_calls(f"{place}/calls")
        time.sleep(WATCHED)
        return {
            "system calls": calls,
            "RSS kB": memory["Rss"],
            "anonymous kB": memory["Anonymous"],
            "private kB": memory["Private_Clean"] + memory["Private_Dirty"],
            "threads": threads,
            f"wake-ups in {WATCHED} s": waits(process.pid) - before,
            "file kB": pathlib.Path(command[0]).stat().st_size // 1024,
        }
    finally:
        process.kill()
        children = pathlib.Path(f"/proc/{traced.pid}/task/{traced.pid}/children").read_text()
        os.kill(int(children), signal.SIGKILL)
        process.wait()
        traced.wait()


def table(rows):
    print("|" + "|".join(["", *next(iter(rows.values()))]) + "|")
    print("|---" * (len(next(iter(rows.values()))) + 1) + "|")
    for name, row in rows.items():
        print("|" + "|".join([name, *map(str, row.values())]) + "|")


programs = pathlib.Path(sys.argv[1]).absolute()
with tempfile.TemporaryDirectory() as place:
    subprocess.run([*COMPILER, f"{place}/round", HERE / "round.c"], check=True)
    component_c = HERE.parent.parent / "Samples/c-component/component.c"
    subprocess.run([*COMPILER, f"{place}/component", component_c], check=True)
    daemon = subprocess.Popen(
        [programs / "reprieved", "--runtime-directory", place, "--state-directory", f"{place}/s"],
        stderr=subprocess.DEVNULL,
    )
    try:
        while not pathlib.Path(place, "control.socket").exists():
            time.sleep(0.05)
        gate = [str(programs / "reprieve"), "gate", "--quiet"]
        gate += ["--control-socket", f"{place}/control.socket", "--", "/bin/true"]
        table({"reprieve gate": command(place, *gate),
               "the same in C": command(place, f"{place}/round", "gate", place, "/bin/true")})
        variable = "AWS_GG_NUCLEUS_DOMAIN_SOCKET_FILEPATH_FOR_COMPONENT"
        environment = os.environ | {variable: f"{place}/ipc.socket"}
        sample = [str(programs / "sample-component"), "com.example.Camera"]
        table({"sample-component": component(place, environment, *sample),
               "component.c": component(place, environment, f"{place}/component", "a.Component")})
    finally:
        daemon.kill()
        daemon.wait()
