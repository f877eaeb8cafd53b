# SPDX-License-Identifier: Apache-2.0
"""`--help` and what a mistyped word is answered with."""

import subprocess

import pytest
from daemon import BUILD

COMMANDS = ["gate", "status", "complete", "cancel", "force", "explain", "history", "metrics"]
COMMANDS += ["alert", "hold", "listen", "window", "token", "plan", "check"]


def reprieve(*arguments, code=0):
    run = subprocess.run([BUILD / "reprieve", *arguments], capture_output=True, text=True)
    assert run.returncode == code, run
    return run.stdout if code == 0 else run.stderr


@pytest.mark.parametrize("command", [None, *COMMANDS])
def test_the_help_fits_a_screen_and_begins_with_an_example(command):
    words = [command] if command else []
    lines = reprieve(*words, "--help").splitlines()
    assert lines[0] in ["Example:", "Examples:"]
    assert lines[1].removeprefix("  sudo ").strip().startswith(" ".join(["reprieve", *words]))
    assert len(lines) <= 24 and max(map(len, lines)) <= 80, "\n".join(lines)
    assert reprieve(*words, "-h").splitlines() == lines
    # It says where the rest is, and that is there.
    assert "reprieve help" in lines[-1]
    assert f"USAGE: {' '.join(['reprieve', *words])}" in reprieve("help", *words)


def test_the_help_lists_every_command():
    lines = reprieve("--help").splitlines()
    assert [line.split()[0] for line in lines if line.startswith("  ")][2:] == COMMANDS


def test_the_help_of_a_command_lists_every_option():
    for command in COMMANDS:
        rest = reprieve("help", command).split("OPTIONS:")[1]
        listed = {line.split()[0].split("/")[0] for line in rest.splitlines() if line[:4] == "  --"}
        missing = listed - set(reprieve(command, "--help").split()) - {"--version"}
        assert not missing, (command, missing)


def test_the_help_of_alert_says_how_many_hooks_wait_of_all_and_of_one_unit():
    words = " ".join(reprieve("help", "alert").split())
    assert "At most 64 wait, of which 16 for components of one unit" in words


@pytest.mark.parametrize(
    "words, right",
    [
        (["gaet"], "gate"),
        (["statsu", "--json"], "status"),
        (["hist"], "history"),
        (["gate", "--resaon", "x"], "--reason"),
        (["status", "--jsno"], "--json"),
        (["hold", "--why", "x", "--laese", "1s", "--", "true"], "--lease"),
    ],
)
def test_a_wrong_word_suggests_the_right_one(words, right):
    text = reprieve(*words, code=64).lower()
    assert f"did you mean {right}?" in text.replace("'", "")


def test_a_word_that_is_like_no_other_suggests_nothing():
    assert reprieve("frobnicate", code=64).endswith("; see reprieve --help\n")


def test_help_after_the_terminator_is_for_the_command(tmp_path):
    # Nothing is announced: there is no such broker.
    words = ["gate", "--control-socket", tmp_path / "none", "--", "true", "--help"]
    assert "Example" not in reprieve(*words, code=69)
