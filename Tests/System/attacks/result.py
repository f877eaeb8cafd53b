# SPDX-License-Identifier: Apache-2.0
"""What an attack did to the honest, and what it may do to them."""

from dataclasses import dataclass, field

# What an honest client waits for takes at most twice as long as beside processes that only spin.
# Less than this, in seconds, may also be the doing of a machine that is busy with something else.
FACTOR = 2
FLOORS = {"answer": 0.1, "status": 0.4, "newcomer": 0.4}
# The longest of all answers: what it waited for was no turn of the daemon.
LONGEST = 0.5
MIB = 1024 * 1024
LARGEST = 32 * MIB
# What the daemon keeps of an attack that is over.
LEFT = 8 * MIB
LOG_LINES = 100
DESCRIPTORS_LEFT = 4


def quantile(values, share):
    """The value that this share of them does not exceed; 0 if there is none."""
    ordered = sorted(values) or [0]
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


@dataclass
class Result:
    """Times in seconds by their kind, bytes, and what must not be."""

    name: str
    times: dict = field(default_factory=dict)
    gates: int = 0
    wrong: list = field(default_factory=list)
    resident: int = 0
    left: int = 0
    descriptors_left: int = 0
    log_lines: int = 0
    # Connections that the attackers have made, and those that the daemon has closed.
    opened: int = 0
    closed: int = 0
    # Connections that were handed to the service manager.
    kept: int = 0
    strangers: bool = False

    def p50(self, kind="answer"):
        return quantile(self.times.get(kind, []), 0.5)

    def p99(self, kind="answer"):
        return quantile(self.times.get(kind, []), 0.99)

    def longest(self, kind="answer"):
        return max(self.times.get(kind, [0]))

    def add(self, findings):
        for kind, times in findings.times.items():
            self.times.setdefault(kind, []).extend(times)
        self.gates += findings.gates
        self.wrong += findings.wrong
        self.strangers |= findings.strangers

    def slow(self, reference):
        """What took too long, which a busy machine can also do."""
        limits = [(kind, self.p99(kind), max(FACTOR * reference.p99(kind), floor), "p99")
                  for kind, floor in FLOORS.items()]  # fmt: skip
        longest = max(FACTOR * reference.longest(), LONGEST)
        limits.append(("answer", self.longest(), longest, "the longest"))
        return [
            f"{kind}: {which} {ms(took)}, bound {ms(bound)}"
            for kind, took, bound, which in limits
            if took > bound
        ]

    def large(self):
        limits = [
            (self.resident <= LARGEST, f"{self.resident / MIB:.0f} MiB are resident"),
            (self.left <= LEFT, f"{self.left / MIB:.0f} MiB are left"),
            (self.log_lines <= LOG_LINES, f"{self.log_lines} lines are logged"),
            (
                self.descriptors_left <= DESCRIPTORS_LEFT,
                f"{self.descriptors_left} descriptors are left",
            ),
        ]
        return [sentence for holds, sentence in limits if not holds]

    def complaints(self, reference):
        return self.wrong[:6] + self.slow(reference) + self.large()


def ms(seconds):
    return f"{1000 * seconds:.1f} ms"


HEAD = (
    "attack", "p50 ms", "p99 ms", "max ms", "gates", "wrong", "status ms", "newcomer ms",
    "RSS MiB", "left MiB", "log lines", "opened", "closed", "holds",
)  # fmt: skip


def table(results, verdicts):
    """A line for each result, the reference first."""
    rows = [HEAD]
    for result, verdict in zip(results, verdicts):
        times = [result.p50(), result.p99(), result.longest()]
        visits = [result.longest("status"), result.longest("newcomer")]
        rows.append((
            result.name, *(f"{1000 * time:.1f}" for time in times), str(result.gates),
            str(len(result.wrong)), *(f"{1000 * time:.0f}" for time in visits),
            f"{result.resident / MIB:.1f}", f"{result.left / MIB:.1f}", str(result.log_lines),
            str(result.opened), str(result.closed), verdict,
        ))  # fmt: skip
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    widths.append(0)
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows
    )
