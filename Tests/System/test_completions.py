# SPDX-License-Identifier: Apache-2.0
"""What the shells offer where a command line of `reprieve` is completed."""

import shutil
import subprocess
import sys

import pytest
from daemon import BUILD, ROOT
from expect import CAMERA, defer

# What bash itself sets before it calls the function of a command.
COMPLETE = """
. "$SCRIPT"
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE} COMPREPLY=()
_reprieve reprieve "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "${COMPREPLY[@]}"
"""


@pytest.fixture(scope="module")
def generated(tmp_path_factory):
    """The programs, and what is generated for the package."""
    directory = tmp_path_factory.mktemp("generated")
    for name in "reprieve", "reprieved":
        (directory / name).symlink_to(BUILD / name)
    subprocess.run([sys.executable, ROOT / "Packaging/generate.py", directory], check=True)
    return directory


@pytest.fixture
def offers(generated, tmp_path):
    script = generated / "completions/bash/reprieve"
    (tmp_path / "answer.sh").touch()

    def offers(*words, command=generated / "reprieve"):
        run = subprocess.run(
            ["bash", "--norc", "-c", COMPLETE, "bash", command, *words],
            env={"SCRIPT": script, "PATH": "/usr/bin:/bin"},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=True,
        )
        return run.stdout.split()

    return offers


def test_the_ids_of_updates_are_offered(daemon, offers):
    defer(daemon, "d-42")
    # An id that a shell would split or expand is not.
    daemon.coordinator().gate("$(touch evil) *", components=[CAMERA])
    at = ["--control-socket", daemon.control_socket]
    for command in "status", "explain", "force", "cancel", "complete", "history":
        assert offers(command, *at, "") == ["d-42"], command
    assert offers("gate", *at, "--deployment-id", "d") == ["d-42"]
    assert offers("force", *at, "e") == []


def test_the_names_of_components_are_offered(daemon, offers):
    defer(daemon)
    at = ["--control-socket", daemon.control_socket]
    assert offers("gate", *at, "--component", "") == [CAMERA]
    assert offers("gate", *at, "--require", "com.") == [CAMERA]
    assert offers("history", *at, "--component", "com.") == [CAMERA]


def test_nothing_is_offered_and_nothing_printed_without_a_broker(offers):
    assert offers("force", "--control-socket", "/nowhere", "") == []


def test_what_follows_the_terminator_is_a_command_line_of_its_own(offers):
    for words in ["gate"], ["hold", "--why", "x"]:
        assert "mkfifo" in offers(*words, "--", "mkf")
        assert offers(*words, "--", "cat", "ans") == ["answer.sh"]
        assert "--json" not in offers(*words, "--", "cat", "--")


def test_files_are_offered_for_programs_and_documents(offers):
    assert offers("listen", "--exec", "ans") == ["answer.sh"]
    assert offers("alert", "--on-override", "ans") == ["answer.sh"]
    assert offers("gate", "--deployment", "ans") == ["answer.sh"]
    assert offers("plan", "ans") == ["answer.sh"]


@pytest.mark.parametrize("shell, name", [("zsh", "_reprieve"), ("fish", "reprieve.fish")])
def test_the_other_shells_read_their_scripts(generated, shell, name):
    if not shutil.which(shell):
        pytest.skip(f"there is no {shell}")
    script = generated / "completions" / shell / name
    subprocess.run([shell, "-n", script], check=True)
