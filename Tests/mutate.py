#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Breaks a target on purpose, once for each line of its list of mutations, in a copy of the
package, and prints which check notices. Exits with 1 if a mutation survives.

    Tests/mutate.sh [COPY] [--target Negotiation|ReprieveBroker]
                    [--only tests|exploration|simulation]...            what these notice alone
                    [--file NAME]...                                    mutations of these files"""

import argparse
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PARSER = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
PARSER.add_argument("copy", nargs="?", default=ROOT.parent / (ROOT.name + ".mutants"))
PARSER.add_argument("--target", default="Negotiation", choices=["Negotiation", "ReprieveBroker"])
PARSER.add_argument("--only", action="append", choices=["tests", "exploration", "simulation"])
PARSER.add_argument("--file", action="append")
ARGUMENTS = PARSER.parse_args()
COPY = pathlib.Path(ARGUMENTS.copy)
TARGET = ARGUMENTS.target
LISTS = {"Negotiation": "mutations.txt", "ReprieveBroker": "mutations-broker.txt"}
SKIPPED = shutil.ignore_patterns(".build*", ".git")


def mutations():
    for line in (ROOT / "Tests" / LISTS[TARGET]).read_text().splitlines():
        if line and not line.startswith("#"):
            fields = line.replace("\\|", "\0").split("|")
            yield [field.replace("\0", "|").replace("\\n", "\n") for field in fields]


def succeeds(*command, limit=120):
    run = subprocess.Popen(
        command,
        cwd=COPY,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        return run.wait(timeout=limit) == 0
    except subprocess.TimeoutExpired:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
        return False


def checks():
    """What notices, cheapest first; each entry is its name and its commands."""
    second = "exploration" if TARGET == "Negotiation" else "simulation"
    wanted = ARGUMENTS.only or ["tests", second]
    # Asked alone, the explorer visits everything.
    extent = [] if ARGUMENTS.only else ["--states=20000"]
    every = {
        "tests": [["swift", "test", "--filter", TARGET + "Tests"]],
        "exploration": built("explore-negotiation", *extent),
        "simulation": built("simulate-broker", "5000"),
    }
    return [(name, every[name]) for name in every if name in wanted]


def built(product, *arguments):
    build = ["swift", "build", "-c", "release", "--product", product]
    return [build, [str(COPY / ".build/release" / product), *arguments]]


def only_what_is_needed():
    """Drops other targets' tests from the copy: each mutation builds all that is left."""
    manifest = COPY / "Package.swift"
    blocks = manifest.read_text().split("\n\n        .testTarget(")
    wanted = [block for block in blocks[1:] if f'"{TARGET}Tests"' in block]
    tail = blocks[-1][blocks[-1].index("\n    ]\n)") :]
    wanted = [block.split("\n    ]\n)")[0] for block in wanted]
    manifest.write_text("\n\n        .testTarget(".join([blocks[0], *wanted]) + tail)


def compiles():
    return succeeds("swift", "build", "--target", TARGET, limit=600)


def killer():
    for name, commands in checks():
        if not all(succeeds(*command, limit=900) for command in commands):
            return name
    return None


def main():
    shutil.copytree(ROOT, COPY, ignore=SKIPPED, dirs_exist_ok=True)
    only_what_is_needed()
    if killer():
        sys.exit("the checks fail without any mutation")
    survivors = 0
    for name, old, new, breaks in mutations():
        if ARGUMENTS.file and name not in ARGUMENTS.file:
            continue
        path = COPY / "Sources" / TARGET / name
        whole = path.read_text()
        if whole.count(old) != 1:
            sys.exit(f"{name} has {whole.count(old)} times: {old}")
        path.write_text(whole.replace(old, new))
        began = time.monotonic()
        verdict = killer() if compiles() else "NO MUTATION"
        survivors += verdict in (None, "NO MUTATION")
        path.write_text(whole)
        took = time.monotonic() - began
        print(f"{verdict or 'SURVIVES':12} {took:5.0f} s  {name}: {breaks}", flush=True)
    print(f"{survivors} survive")
    sys.exit(1 if survivors else 0)


main()
