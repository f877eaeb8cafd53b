#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0

"""Runs gate rounds through reprieved, epoll-broker and dbus-broker in turn, and prints ratios.

    benchmark.py [--quick] DIRECTORY

DIRECTORY holds the programs: reprieved, epoll-broker, event-loop, round and, where D-Bus is wanted,
dbus-round.

A machine's speed changes from minute to minute, so a time says nothing alone. Every repetition runs
all brokers in a shuffled order, fresh processes each; a ratio is taken within a repetition, and the
median over the repetitions is printed. Broker and load share one CPU where they can be told to.
"""

import contextlib
import os
import pathlib
import random
import resource
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time

# What --quick fails at: where something has gone wrong. A gate was found to be 3.3 to 5.3 times
# epoll-broker's work, which is nearly all the kernel's: the faster that is, the higher the ratio.
# Memory is in kB.
GATE_LIMIT, MEMORY_LIMIT, ANONYMOUS_LIMIT, PEER_LIMIT = 7.0, 8_192, 1_536, 1.0
MEMORY_DIRECTORY = "/dev/shm" if os.path.isdir("/dev/shm") else None
ROUNDS = {1: 1_000, 10: 500, 100: 150, 1_000: 40}
MEASURES = ["gate p50", "gate p99", "gate work", "gate CPU", "whole p50", "whole CPU",
            "release p50", "release p99", "release p99.9"]
WORK = MEASURES.index("gate work")


def memory_of(process: int) -> tuple:
    """Resident, anonymous, and what no other process shares, in kB."""
    lines = pathlib.Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    entries = {line.split(":")[0]: int(line.split()[1]) for line in lines}
    private = entries["Private_Clean"] + entries["Private_Dirty"]
    return entries["Rss"], entries["Anonymous"], private


class Broker:
    """One that serves, on a CPU that it shares with its load, until the `with` ends."""

    def __init__(self, name: str, programs: pathlib.Path):
        self.name = name
        self.programs = programs

    def __enter__(self):
        # In memory: how long a disk takes to sync the state file says nothing of a broker.
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="reprieve-", dir=MEMORY_DIRECTORY))
        self.socket = self.directory / "ipc.socket"
        self.process = subprocess.Popen(
            self.command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self.pid = self.process.pid
        deadline = time.monotonic() + 10
        while not self.socket.exists() or not self.is_there():
            if time.monotonic() > deadline or self.process.poll() is not None:
                self.__exit__()
                raise RuntimeError(f"{self.name} did not start")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(10)
        shutil.rmtree(self.directory)

    @property
    def command(self) -> list:
        if self.name == "reprieved":
            return [self.programs / "reprieved", "--runtime-directory", self.directory,
                    "--state-directory", self.directory / "state"]
        if self.name == "dbus-broker":
            script = pathlib.Path(__file__).with_name("dbus-broker.py")
            return [sys.executable, script, self.socket, self.directory / "bus.conf"]
        return [self.programs / "epoll-broker", self.socket]

    def is_there(self) -> bool:
        """The bus itself is its launcher's child."""
        if self.name != "dbus-broker":
            return True
        children = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        for child in children.read_text().split():
            if pathlib.Path(f"/proc/{child}/comm").read_text().strip() == "dbus-broker":
                self.pid = int(child)
                return True
        return False

    def load(self, components: int, rounds: int) -> list:
        tail = [str(components), str(rounds), str(self.pid)]
        if self.name == "reprieved":
            return [self.programs / "round", "reprieved", self.directory, *tail]
        if self.name == "dbus-broker":
            return [self.programs / "dbus-round", self.socket, *tail]
        return [self.programs / "round", "epoll", self.socket, *tail]

    def rounds(self, components: int, rounds: int) -> list:
        """Microseconds, in the order of MEASURES."""
        done = subprocess.run(
            self.load(components, rounds), stdout=subprocess.PIPE, check=True, timeout=300
        )
        return [float(word) for word in done.stdout.split()]

    @contextlib.contextmanager
    def connections(self, components: int):
        load = subprocess.Popen(
            self.load(components, 0), stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert load.stdout.readline() == b"ready\n"
        try:
            yield
        finally:
            load.stdin.close()
            load.wait(10)

    def memory(self) -> tuple:
        """Resident and anonymous, in kB."""
        return memory_of(self.pid)[:2]

    def wakeups(self) -> int:
        lines = pathlib.Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return sum(int(line.split()[1]) for line in lines if "ctxt_switches" in line)


def measure_rounds(names, programs, repetitions, counts):
    """name, components -> one list of measures per repetition"""
    found = {(name, count): [] for name in names for count in counts}
    for repetition in range(repetitions):
        for count in counts:
            for name in random.sample(names, len(names)):
                with Broker(name, programs) as broker:
                    found[name, count].append(broker.rounds(count, ROUNDS[count]))
            print(f"\r  repetition {repetition + 1}, N = {count}    ", end="", file=sys.stderr)
    print("\r" + " " * 40 + "\r", end="", file=sys.stderr)
    return found


def ratios(found, name, to, count):
    """Of each measure, the median of the ratios within a repetition."""
    pairs = zip(found[name, count], found[to, count])
    return [statistics.median(column) for column in
            zip(*([a / b for a, b in zip(one, other)] for one, other in pairs))]


def print_rounds(found, names, counts) -> None:
    print("Gate rounds, in microseconds and as ratios to epoll-broker and to dbus-broker.")
    print("gate: announcement to release. whole: until all have their post. CPU: the broker's.")
    print("work: CPU of broker and load together, which is a gate's p50 where nobody else runs.")
    print("release: from the last answer's write to the coordinator's read; epoll-broker's is that")
    print("of a message that a process passes on.\n")
    print("| broker | N | " + " | ".join(MEASURES) + " |")
    print("|---|---|" + "---|" * len(MEASURES))
    for count in counts:
        for name in names:
            columns = [statistics.median(column) for column in zip(*found[name, count])]
            cells = [f"{column:.0f}" for column in columns]
            for other in names:
                if other in ("epoll-broker", "dbus-broker") and other != name:
                    for index, ratio in enumerate(ratios(found, name, other, count)):
                        cells[index] += f" ({ratio:.2f} {other[0]})"
            print(f"| {name} | {count} | " + " | ".join(cells) + " |")
    print("\n(x e): to epoll-broker; (x d): to dbus-broker.\n")


def print_plot(found, counts) -> None:
    """The same ratios as bars."""
    print("reprieved, as a multiple of epoll-broker; a quarter a #:\n")
    for measure in ("gate p50", "gate CPU"):
        for count in counts:
            ratio = ratios(found, "reprieved", "epoll-broker", count)[MEASURES.index(measure)]
            print(f"    {measure}, N = {count:5,} {'#' * round(4 * ratio)} {ratio:.1f}")
        print()


def measure_memory(name, programs, seconds):
    """One connection, a thousand, a thousand that have been through rounds; idle wake-ups."""
    with Broker(name, programs) as broker:
        with broker.connections(1):
            one = broker.memory()
        with broker.connections(1_000):
            time.sleep(0.2)
            thousand = broker.memory()
            before = broker.wakeups()
            time.sleep(seconds)
            wakeups = broker.wakeups() - before
        broker.rounds(1_000, 5)
        with broker.connections(1_000):
            time.sleep(2)  # reprieved gives memory back a second after the last update
            after = broker.memory()
    return one, thousand, after, wakeups


def measure_start(program: pathlib.Path, socket_name: str, options: list) -> float:
    """Milliseconds, median of 15."""
    times = []
    for _ in range(15):
        with tempfile.TemporaryDirectory(prefix="reprieve-") as directory:
            socket = f"{directory}/{socket_name}"
            words = [word.format(directory=directory, socket=socket) for word in options]
            done = subprocess.run(
                [program.with_name("round"), "start", socket, program, *words],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, timeout=10,
            )
            times.append(float(done.stdout))
    return statistics.median(times)


def print_memory(names, programs, seconds):
    print(f"Memory in kB; wake-ups in {seconds} s of 1,000 idle connections.\n")
    print("| broker | RSS, 1 connection | anonymous | RSS, 1,000 | anonymous "
          "| RSS per connection | anonymous per connection "
          "| RSS after rounds | anonymous | wake-ups |")
    print("|---|" + "---|" * 9)
    found = {}
    for name in names:
        one, thousand, after, wakeups = found[name] = measure_memory(name, programs, seconds)
        each = [(more - less) / 999 for more, less in zip(thousand, one)]
        print(f"| {name} | {one[0]} | {one[1]} | {thousand[0]} | {thousand[1]} | {each[0]:.2f} "
              f"| {each[1]:.2f} | {after[0]} | {after[1]} | {wakeups} |")
    print()
    return found


def print_least(programs) -> None:
    """What a C program takes that only has libsystemd's event loop."""
    with Broker("reprieved", programs) as broker:
        time.sleep(0.5)
        rows = [("reprieved without connections", memory_of(broker.pid))]
    with subprocess.Popen([programs / "event-loop"]) as least:
        time.sleep(0.5)
        rows.append(("event-loop", memory_of(least.pid)))
        least.terminate()
    print("| idle, kB | RSS | anonymous | private |\n|---|---|---|---|")
    for name, memory in rows:
        print(f"| {name} | " + " | ".join(str(number) for number in memory) + " |")
    print()


def print_start(programs) -> None:
    daemon = measure_start(programs / "reprieved", "ipc.socket",
                           ["--runtime-directory", "{directory}",
                            "--state-directory", "{directory}/state"])
    least = measure_start(programs / "epoll-broker", "ipc.socket", ["{socket}"])
    size = (programs / "reprieved").stat().st_size
    print(f"reprieved lets in its first client {daemon:.1f} ms after exec, {daemon / least:.1f} "
          f"times epoll-broker's {least:.1f} ms. Its binary, stripped: {size / 1e6:.2f} MB.\n")


def failures(found, memory, counts) -> list:
    failed = []
    for count in counts:
        ratio = ratios(found, "reprieved", "epoll-broker", count)[WORK]
        if ratio > GATE_LIMIT:
            failed.append(f"N = {count}: a gate is {ratio:.2f} times epoll-broker's work")
    one, thousand, after, wakeups = memory["reprieved"]
    each = (thousand[0] - one[0]) / 999
    if one[0] > MEMORY_LIMIT:
        failed.append(f"{one[0]} kB resident")
    if one[1] > ANONYMOUS_LIMIT:
        failed.append(f"{one[1]} kB anonymous")
    if after[1] > ANONYMOUS_LIMIT:
        failed.append(f"{after[1]} kB anonymous after rounds of 1,000")
    if each > PEER_LIMIT:
        failed.append(f"{each:.2f} kB a connection")
    if wakeups > 2:
        failed.append(f"{wakeups} wake-ups while idle")
    return failed


def share_one_cpu() -> None:
    """The last CPU: the first one serves most interrupts."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def main() -> int:
    arguments = sys.argv[1:]
    quick = "--quick" in arguments
    programs = pathlib.Path(arguments[-1]).resolve()
    counts = [10, 1_000] if quick else list(ROUNDS)
    names = ["epoll-broker", "reprieved"]
    if not quick and (programs / "dbus-round").exists():
        names.append("dbus-broker")
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    share_one_cpu()
    found = measure_rounds(names, programs, 5 if quick else 9, counts)
    print_rounds(found, names, counts)
    print_plot(found, counts)
    memory = print_memory(names, programs, 3 if quick else 10)
    print_least(programs)
    print_start(programs)
    failed = failures(found, memory, counts) if quick else []
    for sentence in failed:
        print("over the limit:", sentence)
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    sys.exit(main())
