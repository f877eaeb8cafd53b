# SPDX-License-Identifier: Apache-2.0
"""Each command of the README works as it is typed, by a user who is not root."""

import json
import os
import re
import shutil
import signal
import subprocess

import pytest
from daemon import BUILD, NOBODY, ROOT

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
COMMANDS = [line for block in BLOCKS for line in block.splitlines()]
TRIED = ["export PATH=", "reprieved &"]
# What `plan` says by its exit code: components are interrupted, or the nucleus.
PLANNED = [10, 11]

# What a reader has instead.
RECIPE = {
    "ComponentName": "com.example.Camera",
    "ComponentVersion": "1.0.0",
    "Manifests": [{"Lifecycle": {"run": "camera"}}],
}
FILES = {
    "deployment.json": json.dumps({"components": {"com.example.Camera": {"version": "1.0.0"}}}),
    "installed.json": json.dumps({"components": {}}),
    "recipes/com.example.Camera-1.0.0.json": json.dumps(RECIPE),
}
PROGRAMS = {"flash": '[ "$*" = image.bin ]', "apply": '[ "$*" = d-42 ]', "may-i-update": "exit 0"}


def block(*words):
    [found] = [one for one in BLOCKS if all(word in one for word in words)]
    return found


@pytest.fixture
def user(directory):
    """An ordinary user, whose working directory has what the README's author had."""
    for name, text in FILES.items():
        os.makedirs(os.path.dirname(f"{directory}/{name}"), exist_ok=True)
        with open(f"{directory}/{name}", "w") as file:
            file.write(text)
    for name, script in PROGRAMS.items():
        with open(f"{directory}/{name}", "w") as file:
            file.write(f"#!/bin/sh\n{script}\n")
        os.chmod(f"{directory}/{name}", 0o755)
    return User(directory)


class User:
    def __init__(self, directory):
        self.directory = directory
        self.options = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
        if os.geteuid() != 0:
            self.options = {}
        self.environment = {"XDG_RUNTIME_DIR": directory, "PATH": f"{BUILD}:{os.environ['PATH']}"}
        for path in [directory, *(f"{directory}/{name}" for name in os.listdir(directory))]:
            if self.options:
                shutil.chown(path, NOBODY, NOBODY)

    def types(self, processes, *command, **options):
        options = self.options | options
        return processes.start(*command, cwd=self.directory, env=self.environment, **options)


@pytest.fixture
def broker(user, processes):
    broker = user.types(processes, "reprieved", "--name-by-unit", "no")
    broker.error_line("serving components")
    return broker


def test_the_commands_are_those_that_are_typed_here():
    assert len(COMMANDS) > 6
    assert all(one.startswith(("reprieve ", *TRIED)) for one in COMMANDS)


@pytest.mark.parametrize("command", [
    one for one in COMMANDS if one.startswith("reprieve ") and "Backup" not in one
])  # fmt: skip
def test_a_command_works(user, broker, processes, command):
    program = user.types(processes, "sh", "-c", f"exec {command}")
    verb = command.split()[1]
    if verb in ["listen", "window"]:
        name = re.search(r"--component (\S+)", command)[1]
        gate = ["reprieve", "gate", "--require", name, "--no-wait", "--quiet", "--", "true"]
        waiting = user.types(processes, *gate)
        assert waiting.end(20)[0] in [0, 75], "it is asked"
        program.signal(signal.SIGTERM)
    code, lines, errors = program.end(20)
    assert code in (PLANNED if verb == "plan" else [0]), (lines, errors)


def test_an_ordinary_user_tries_it_as_it_is_written(user, processes):
    # Where the reader stands: at the top of a tree that is built.
    os.mkdir(f"{user.directory}/.build")
    os.symlink(BUILD, f"{user.directory}/.build/debug")
    shell = user.types(processes, "bash", stdin=subprocess.PIPE)
    commands = block(*TRIED).replace("sleep 5", "sleep 1").splitlines()
    assert commands[1] == TRIED[1]
    for command in [*commands, "kill %1; wait; exit 0"]:
        print(command, file=shell.process.stdin, flush=True)
        if command == TRIED[1]:
            shell.error_line("serving components")
    code, lines, errors = shell.end(30)
    assert (code, lines) == (0, ["the backup is done, the update may run"]), errors
    assert any("a backup" in line for line in errors)


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "Samples/README.md"])
def test_the_links_of_a_page_lead_somewhere(page):
    headings = {}
    for link in re.findall(r"\]\(([^)\s]+)\)", (ROOT / page).read_text()):
        path, _, heading = link.partition("#")
        target = (ROOT / page).parent / path if path else ROOT / page
        assert "://" in path or target.exists(), link
        if heading:
            text = headings.setdefault(target, target.read_text())
            found = [anchor(line) for line in text.splitlines() if line.startswith("#")]
            assert heading in found, link


def anchor(heading):
    """As GitHub makes it."""
    return re.sub(r"[^\w -]", "", heading.lstrip("# ").lower()).replace(" ", "-")
