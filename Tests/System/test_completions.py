# SPDX-License-Identifier: Apache-2.0
"""What the shells offer where a command line of `reprieve` is completed."""

import contextlib
import os
import pty
import select
import shutil
import signal
import subprocess
import sys
import threading

import pytest
from daemon import BUILD, ROOT
from expect import CAMERA, defer
from protocol import TIMEOUT

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


# zsh and fish, on a terminal


class Shell:
    """An interactive shell, in which a key completes a line and another one tells the line."""

    def __init__(self, arguments, directory, **environment):
        self._told = directory / "told"
        os.mkfifo(self._told)
        self._pipe = os.open(self._told, os.O_RDWR)
        environment |= {"TOLD": str(self._told), "HOME": str(directory), "TERM": "xterm"}
        self._process, self._terminal = pty.fork()
        if self._process == 0:
            os.chdir(directory)
            os.execve(arguments[0], [str(one) for one in arguments], environment)
        self.shown = b""
        threading.Thread(target=self._read, daemon=True).start()
        self._wait()

    def _read(self):
        with contextlib.suppress(OSError):
            while part := os.read(self._terminal, 65536):
                self.shown += part

    def _wait(self):
        line = b""
        while not line.endswith(b"\n"):
            ready, _, _ = select.select([self._pipe], [], [], TIMEOUT)
            assert ready, self.shown
            line += os.read(self._pipe, 65536)
        return line.decode()

    def completed(self, *words):
        """The last word of the line, after TAB."""
        line = " ".join(str(word) for word in words)
        os.write(self._terminal, b"\x15" + line.encode() + b"\t\x07")
        return self._wait().split()[-1]

    def end(self):
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        os.close(self._terminal)
        os.close(self._pipe)


ZSH = """
[ -z "$TREE" ] || module_path=("$TREE"/usr/lib/*/zsh/*(N))
[ -z "$TREE" ] || fpath=("$TREE"/usr/share/zsh/functions/**/*(N/))
fpath=("$SCRIPTS" $fpath)
autoload -Uz compinit
compinit -u -D
tell() { print -r -- "$BUFFER" >"$TOLD" }
zle -N tell
bindkey '^G' tell
bindkey '^U' kill-whole-line
zle-line-init() { print ready >"$TOLD" }
zle -N zle-line-init
"""
FISH = """
set -e LD_LIBRARY_PATH
if test -n "$TREE"
    set fish_function_path $TREE/usr/share/fish/functions
    set fish_complete_path $TREE/usr/share/fish/completions
end
source $SCRIPTS/reprieve.fish
bind \\cg 'commandline -b >$TOLD'
bind \\cu 'commandline -r ""'
function fish_prompt
end
function say_ready --on-event fish_prompt
    functions -e say_ready
    echo ready >$TOLD
end
"""


def installed(shell):
    """The shell's path, and the directory where it is unpacked, if it is not installed."""
    tree = ROOT / ".build/shells/tree"
    if path := shutil.which(shell):
        return path, ""
    for path in tree / "bin" / shell, tree / "usr/bin" / shell:
        if path.exists():
            return path, tree
    pytest.skip(f"there is no {shell}; Tests/run.sh packages unpacks it")


@pytest.fixture(params=["zsh", "fish"])
def shell(request, generated, tmp_path):
    program, tree = installed(request.param)
    (tmp_path / "answer.sh").touch()
    environment = {
        "TREE": str(tree),
        "SCRIPTS": str(generated / "completions" / request.param),
        "PATH": f"{generated}:/usr/bin:/bin",
        "ZDOTDIR": str(tmp_path),
        # What an unpacked program needs is unpacked beside it.
        "LD_LIBRARY_PATH": ":".join(map(str, (tree / "usr/lib").glob("*-linux-*"))) if tree else "",
    }
    (tmp_path / ".zshrc").write_text(ZSH)
    (tmp_path / "init.fish").write_text(FISH)
    options = {
        "zsh": ["-d", "-i"],
        "fish": ["--no-config", "-i", "-C", "source init.fish"],
    }
    shell = Shell([program, *options[request.param]], tmp_path, **environment)
    yield shell
    shell.end()


def test_the_other_shells_complete_ids_and_names(daemon, shell):
    defer(daemon, "d-42")
    at = ["--control-socket", daemon.control_socket]
    for command in "status", "explain", "force", "cancel", "complete", "history":
        assert shell.completed("reprieve", command, *at, "d") == "d-42", command
    for option in "--component", "--require":
        assert shell.completed("reprieve gate", *at, option, "com.") == CAMERA


def test_the_other_shells_complete_commands_options_and_their_values(shell):
    assert shell.completed("reprieve expl") == "explain"
    assert shell.completed("reprieve gate --on-sil") == "--on-silence"
    assert shell.completed("reprieve gate --on-silence ref") == "refuse"


def test_the_other_shells_complete_what_follows_the_terminator(shell):
    for words in "gate", "hold --why x":
        assert shell.completed("reprieve", words, "-- mkf") == "mkfifo"
        assert shell.completed("reprieve", words, "-- cat ans") == "answer.sh"
        assert shell.completed("reprieve", words, "-- cat --show-e") == "--show-ends"


def test_the_other_shells_complete_files_for_programs_and_documents(shell):
    for words in "listen --exec", "alert --on-override", "gate --deployment", "plan":
        assert shell.completed("reprieve", words, "ans") == "answer.sh"
