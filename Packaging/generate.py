# SPDX-License-Identifier: Apache-2.0
"""Makes the manual pages, the shells' completions and the example configuration, out of what the
built programs say of themselves.

    generate.py DIRECTORY [PROGRAMS]

DIRECTORY gets all of these, and has the programs reprieve and reprieved, unless PROGRAMS does.
"""

import json
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).parent
SHELLS = {"bash": "{}", "zsh": "_{}", "fish": "{}.fish"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


# The manual pages, in mdoc


def prose(text):
    """A line of mdoc text for each sentence. What is in backquotes is spelt that way."""
    text = text.replace("\\", r"\e")
    text = re.sub(r"`([^`]*)`", r"\\fB\1\\fR", " ".join(text.split()))
    text = re.sub(r"([.?!]) (?=[A-Z])", r"\1\n", text)
    return re.sub(r"^(?=[.'])", r"\&", text, flags=re.MULTILINE)


def paragraphs(text):
    """Paragraphs of prose. One with an indented line is a table, whose lines are kept."""
    page = ""
    for part in filter(str.strip, text.split("\n\n")):
        if re.search("^  ", part, re.MULTILINE):
            page += "\n.Bd -literal\n" + part.replace("\\", r"\e") + "\n.Ed"
        else:
            page += ("\n.Pp\n" if page else "") + prose(part)
    return page


def tagged(items):
    lines = [line for tag, text in items for line in (".It " + tag, text)]
    return "\n".join([".Bl -tag -width Ds", *lines, ".El"]) if lines else ""


def argument(about):
    """The item of one argument of the command."""
    value = "Ar " + about["valueName"]
    text = prose(about.get("abstract", ""))
    words = about.get("allValues", [])
    notes = ["one of " + ", ".join(words)] if words else []
    if "defaultValue" in about:
        notes.append("default: " + about["defaultValue"])
    if notes:
        text += f" ({'; '.join(notes)})"
    if about["kind"] == "positional":
        return value, text
    names = [("-" if n["kind"] == "long" else "") + n["name"] for n in about["names"]]
    flags = " , ".join("Fl " + name for name in names)
    return flags if about["kind"] == "flag" else f"{flags} {value}", text


def subcommand(about):
    """The section of one subcommand."""
    shown = [one for one in about["arguments"] if one["shouldDisplay"]]
    shown = [one for one in shown if one["valueName"] != "help"]
    text = [f".Ss {about['commandName']}", paragraphs(about["abstract"])]
    if "discussion" in about:
        text += [".Pp", paragraphs(about["discussion"])]
    return "\n".join([*text, tagged(argument(one) for one in shown)])


def command_parts(dump):
    commands = [one for one in dump["subcommands"] if one["commandName"] != "help"]
    codes = re.search(r"Exit codes: (.*)", dump["discussion"], re.DOTALL)
    codes = [code.split(" ", 1) for code in codes[1].rstrip(".").split("; ")]
    return {
        "COMMANDS": "\n".join(subcommand(one) for one in commands),
        "CODES": tagged((code, prose(text)) for code, text in codes),
    }


def daemon_settings(example):
    """The settings of the daemon, as (section, key, kind of value, help, default)."""
    settings, section, text = [], None, []
    for line in example.splitlines():
        if header := re.fullmatch(r"#?\[(\w+)( .*)?\]", line):
            section, text = header[1], []
        elif line.startswith("# "):
            text.append(line.removeprefix("# "))
        elif setting := re.fullmatch(r"#([A-Z]\w+)=(.*)", line):
            kind, about = " ".join(text).split(": ", 1)
            settings.append((section, setting[1], kind, about, setting[2]))
            text = []
    return settings


def option_name(key):
    return re.sub("(?<!^)(?=[A-Z])", "-", key).lower()


def daemon_options(settings):
    """Its options, as (name, kind of value, help)."""
    options = [
        (option_name(key), kind, about + (f"; default: {default}" if default else ""))
        for section, key, kind, about, default in settings
        if section != "Component"
    ]
    return [
        ("config", "FILE", "the configuration file; see `reprieved.conf`(5)"),
        (
            "check-config",
            "",
            "only check the configuration and the tokens file, and print the policy of updates and "
            "of each component that has a section or a token, and where each value was set",
        ),
        ("example-config", "", "print an example of a configuration, with every key explained"),
        *options,
        (
            "component",
            '"PATTERN KEY=VALUE..."',
            "a rule for components by their names, as in a section [Component PATTERN]; repeatable",
        ),
        ("version", "", "print the version and exit"),
        ("help", "", "print a screen of help and exit"),
    ]


def daemon_parts(options):
    items = []
    for name, value, text in options:
        value = value.replace('"', r"\(dq")
        tag = f"Fl -{name}" + (f" Ar {value}" if value else "")
        items.append((tag, prose(text)))
    return {"OPTIONS": tagged(items)}


def configuration_parts(example, settings):
    durations = re.search("^# Durations are written as (.*)[.]$", example, re.MULTILINE)[1]
    parts = {"Broker": [], "Policy": [], "Component": []}
    for section, key, kind, about, default in settings:
        about += f"; default: {default}" if default else ""
        parts[section].append((f"Cm {key}= Ns Ar {kind}", prose(about)))
    sections = {section.upper(): tagged(items) for section, items in parts.items()}
    return {"DURATIONS": durations} | sections


def page(name, parts, to):
    text = (HERE / "man" / name).read_text()
    for place, part in parts.items():
        text = text.replace(f"@{place}@", part)
    (to / name).write_text(text)


# The completions

# What follows -- is a command line, which the shell completes as it completes any other.
BASH_COMMAND = """
    local -i i
    for ((i = 2; i < COMP_CWORD; i++)); do
        [[ "${COMP_WORDS[1]} ${COMP_WORDS[i]}" =~ ^(gate|hold)\\ --$ ]] || continue
        if declare -F _command_offset >/dev/null; then
            _command_offset $((i + 1))
        elif ((COMP_CWORD == i + 1)); then
            COMPREPLY=($(compgen -c -- "${2}"))
        else
            COMPREPLY=($(compgen -f -- "${2}"))
        fi
        return
    done
"""
# Here the words begin with the terminator, of which _normal knows nothing.
ZSH_COMMAND = "{[[ ${words[1]} != -- ]] || { shift words; ((CURRENT--)) }; _normal}"
FISH_COMMAND = """
function __reprieve_command_after_terminator
    set -l tokens (commandline -opc)
    set -l place (contains -i -- -- $tokens)
    or return
    set -l words (string escape -- $tokens[(math $place + 1)..]) (commandline -ct)
    complete -C (string join ' ' -- $words)
end
"""


def replaced(text, *pairs):
    """A part that is not there is an error: the argument parser writes something else, then."""
    for old, new in pairs:
        if old not in text:
            raise SystemExit(f"the completions do not have {old!r}")
        text = text.replace(old, new)
    return text


def command_completions(script, shell):
    """Completes a command after `--`, too, as `reprieve` itself cannot."""
    if shell == "bash":
        # It is read, never run.
        script = script.removeprefix("#!/bin/bash\n")
        return replaced(script, ("\n_reprieve() {\n", "\n_reprieve() {" + BASH_COMMAND + "\n"))
    if shell == "zsh":
        command = f"'(-)1:command:_command_names -e'\n        '*::argument:{ZSH_COMMAND}'"
        return replaced(script, ("'*:command:_files'", command))
    condition = "complete -c 'reprieve' -n '__reprieve_should_offer_completions_for_positional"
    offered = "-ka '(__reprieve_command_after_terminator)'"
    gate, hold = (f'{condition} "reprieve {name}" -ge 1\' ' for name in ("gate", "hold"))
    start = "complete -c 'reprieve' -f\n"
    return replaced(
        script,
        (gate + "-F\n", gate + offered + "\n"),
        (hold + "-F\n", hold + offered + "\n"),
        (start, FISH_COMMAND.lstrip() + "\n" + start),
    )


def daemon_completions(options):
    names = " ".join("--" + name for name, *_ in options)
    zsh, fish = ["#compdef reprieved", "_arguments \\"], []
    for name, value, text in options:
        text = re.sub(r"['\[\]:`]", "", text)
        zsh.append(f"    '--{name}[{text}]" + (f":{value}:_files' \\" if value else "' \\"))
        fish.append(f"complete -c reprieved -l {name} -d '{text}'" + (" -r" if value else ""))
    return {
        "bash": f"complete -o default -W '{names}' reprieved\n",
        "zsh": "\n".join(zsh).rstrip("\\ ") + "\n",
        "fish": "\n".join(fish) + "\n",
    }


def main(directory, programs):
    command, daemon = programs / "reprieve", programs / "reprieved"
    pages = directory / "man"
    pages.mkdir(exist_ok=True)
    example = output(daemon, "--example-config")
    settings = daemon_settings(example)
    options = daemon_options(settings)
    (directory / "reprieved.conf").write_text(example)
    dump = json.loads(output(command, "--experimental-dump-help"))["command"]
    page("reprieve.1", command_parts(dump), pages)
    page("reprieved.8", daemon_parts(options), pages)
    page("reprieved.conf.5", configuration_parts(example, settings), pages)
    page("reprieve-protocol.7", {}, pages)
    for shell, name in SHELLS.items():
        folder = directory / "completions" / shell
        folder.mkdir(parents=True, exist_ok=True)
        script = output(command, "--generate-completion-script", shell)
        script = command_completions(script, shell)
        (folder / name.format("reprieve")).write_text(script)
        (folder / name.format("reprieved")).write_text(daemon_completions(options)[shell])


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[-1]))
