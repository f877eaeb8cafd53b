# SPDX-License-Identifier: Apache-2.0
"""What a check is, how checks are run, and how their verdicts are printed."""

import sys
from dataclasses import dataclass
from typing import Callable

from connection import Failure, HungUp, Refused
from eventstream import FrameError

CORE, REPRIEVE = "core", "reprieve"


@dataclass
class Check:
    name: str
    # CORE: Greengrass IPC itself. REPRIEVE: what only Reprieve promises.
    kind: str
    # What must hold, in one line.
    rule: str
    run: Callable
    needs_control: bool = False


class Skip(Exception):
    """Why a check does not apply."""


class Registry:
    """Collects checks: a function whose name and docstring are the check's."""

    def __init__(self):
        self.checks = []

    def __call__(self, kind, needs_control=False):
        def add(function):
            name = function.__name__.replace("_", "-")
            rule = " ".join(function.__doc__.split()).rstrip(".")
            self.checks.append(Check(name, kind, rule, function, needs_control))
            return function

        return add


def chosen(checks, wanted):
    """The checks that are wanted by name, or by the start of it."""
    if not wanted:
        return checks
    missing = [word for word in wanted if not any(c.name.startswith(word) for c in checks)]
    if missing:
        sys.exit(f"there is no check {missing[0]}; see --list")
    return [check for check in checks if any(check.name.startswith(word) for word in wanted)]


def show(checks):
    for check in checks:
        print(f"{check.name:<40} {check.kind:<9} {check.rule}")


def verdict(check, attempt):
    """Runs a check. Returns ok, FAIL or skip, and the reason."""
    try:
        attempt(check)
        return "ok", check.rule
    except Skip as skip:
        return "skip", str(skip)
    except (Failure, FrameError) as failure:
        return "FAIL", str(failure)
    except HungUp as hung_up:
        return "FAIL", f"{hung_up} in the middle of it"
    except Refused as refused:
        return "FAIL", f"the broker refuses a good request: {refused}"
    except OSError as error:
        return "FAIL", f"the connection broke: {error}"
    except (KeyError, ValueError, TypeError, RecursionError) as error:
        return "FAIL", f"what arrived makes no sense: {error!r}"


def run_all(checks, attempt):
    """Runs checks and prints a line for each. Returns whether none failed."""
    counts = {"ok": 0, "FAIL": 0, "skip": 0}
    for check in checks:
        word, reason = verdict(check, attempt)
        counts[word] += 1
        print(f"{word:<4} {check.name:<40} {' '.join(reason.split())}", flush=True)
    print(f"{counts['ok']} ok, {counts['FAIL']} failed, {counts['skip']} skipped")
    return counts["FAIL"] == 0
