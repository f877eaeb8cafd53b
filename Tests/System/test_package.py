# SPDX-License-Identifier: Apache-2.0
"""The Debian package: what is in it, and what installing and removing it does."""

import json
import re
import subprocess

import pytest
from daemon import ROOT
from expect import CAMERA
from rig import PACKAGE, Device, Guest, needs_package, needs_systemd

pytestmark = [needs_package, pytest.mark.systemd]

UNITS = ["reprieved.service", "reprieved.socket", "reprieved-control.socket"]
# What an administrator may start.
OPTIONAL = ["reprieve-window.service", "reprieve-alert.service", "reprieve-metrics.timer"]


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory):
    directory = tmp_path_factory.mktemp("package")
    output("dpkg-deb", "--extract", PACKAGE, directory)
    return directory


@pytest.fixture(scope="module")
def programs(unpacked):
    return {"reprieve": unpacked / "usr/bin/reprieve", "reprieved": unpacked / "usr/sbin/reprieved"}


# What is in it


def test_lintian_finds_nothing(unpacked):
    assert output("lintian", "--fail-on=error,warning", "--allow-root", PACKAGE) == ""


def test_its_dependencies_are_those_of_its_programs(programs):
    depends = output("dpkg-deb", "--field", PACKAGE, "Depends")
    print(depends)
    assert "libsystemd0" in depends and "libc6" in depends
    assert "swift" not in depends and "libstdc++" not in depends
    for program in programs.values():
        sections = output("readelf", "--wide", "--dynamic", "--sections", program)
        assert "RUNPATH" not in sections and "RPATH" not in sections
        assert ".symtab" not in sections, "it is not stripped"


def test_its_version_is_the_programs(programs):
    version = output("dpkg-deb", "--field", PACKAGE, "Version").strip()
    assert output(programs["reprieved"], "--version") == f"reprieved {version}\n"


@pytest.mark.parametrize("check", ["check-broker", "check-client"])
def test_the_conformance_kit_in_it_starts(unpacked, check):
    protocol = unpacked / "usr/share/doc/reprieve/Protocol"
    assert list(protocol.rglob("*.gz")) == []
    assert output(protocol / "conformance" / check, "--list")


def test_the_links_of_its_documents_lead_somewhere(unpacked):
    pages = list((unpacked / "usr/share/doc/reprieve").rglob("*.md"))
    assert len(pages) > 5
    for page in pages:
        for link in re.findall(r"\]\s*\(([^)#\s]+)[^)]*\)", page.read_text()):
            assert "://" in link or (page.parent / link).exists(), f"{page.name}: {link}"


def options(text):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", text))


def helps(program):
    """All that the command says of its subcommands, in its own words and for machines."""
    dump = json.loads(output(program, "--experimental-dump-help"))["command"]
    names = [one["commandName"] for one in dump["subcommands"]]
    return "".join(output(program, "help", name) for name in names if name != "help")


def manual(unpacked, name):
    page = unpacked / f"usr/share/man/man{name[-1]}/{name}.gz"
    # Fails if the page could be misread; that it refers to others is no fault.
    checked = subprocess.run(
        ["mandoc", "-T", "lint", "-W", "warning", page], capture_output=True, text=True
    )
    assert checked.stdout == ""
    text = output("mandoc", "-T", "utf8", "-O", "width=1000", page)
    return re.sub(".\b", "", text)


def test_the_manuals_know_the_options_that_the_programs_know(unpacked, programs):
    # The manual of every command has --help; no page explains it again and again.
    known = options(helps(programs["reprieve"])) - {"--help"}
    assert options(manual(unpacked, "reprieve.1")) == known
    known = options(output(programs["reprieved"], "--help"))
    assert options(manual(unpacked, "reprieved.8")) == known
    known = {"--config", "--check-config", "--component", "--example-config"}
    assert options(manual(unpacked, "reprieved.conf.5")) <= known
    assert options(manual(unpacked, "reprieve-protocol.7")) == set()


def test_manual_and_example_have_the_keys_that_are_read(unpacked, programs, tmp_path):
    example = output(programs["reprieved"], "--example-config")
    installed = unpacked / "usr/share/doc/reprieve/examples/reprieved.conf"
    assert installed.read_text() == example
    keys = re.findall(r"^#([A-Z]\w+)=", example, re.MULTILINE)
    page = manual(unpacked, "reprieved.conf.5").split("EXAMPLES")[0]
    assert len(keys) > 30 and re.findall(r"^ +([A-Z]\w+)=\S+$", page, re.MULTILINE) == keys
    # Without its comments, too, the daemon takes it.
    file = tmp_path / "reprieved.conf"
    file.write_text(re.sub(r"^#(?=[\[A-Z])", "", example, flags=re.MULTILINE))
    output(programs["reprieved"], "--check-config", "--config", file)


def test_the_manual_explains_each_exit_code(unpacked, programs):
    codes = re.search(r"Exit codes:.*?\.\n", output(programs["reprieve"], "help"), re.DOTALL)
    codes = re.findall(r"\b\d+\b", codes[0])
    assert len(codes) > 5
    status = manual(unpacked, "reprieve.1").split("EXIT STATUS")[1].split("EXAMPLES")[0]
    assert re.findall(r"^ +(\d+) ", status, re.MULTILINE) == codes


def test_the_manual_keeps_the_lists_of_the_help(unpacked, programs):
    rows = re.findall(r"^ +(REPRIEVE_.*)$", output(programs["reprieve"], "help", "listen"), re.M)
    page = [line.strip() for line in manual(unpacked, "reprieve.1").splitlines()]
    # The help is wrapped, and the manual is not.
    lost = [row for row in rows if not any(line.startswith(row) for line in page)]
    assert len(rows) > 10 and lost == []


@pytest.mark.parametrize(
    "place",
    ["bash-completion/completions/{}", "zsh/vendor-completions/_{}",
     "fish/vendor_completions.d/{}.fish"],
)  # fmt: skip
def test_the_shells_complete_the_options(unpacked, programs, place):
    known = {"reprieve": helps(programs["reprieve"])}
    known["reprieved"] = output(programs["reprieved"], "--help")
    for name, help_text in known.items():
        script = (unpacked / "usr/share" / place.format(name)).read_text()
        # As fish spells them.
        script = re.sub(r"-l '?([a-z-]+)'?", r"--\1", script)
        assert options(help_text) <= options(script)
        if "bash" in place:
            subprocess.run(["bash", "-n"], input=script, check=True, text=True)


# What it does


@needs_systemd
def test_it_is_installed_upgraded_and_removed(tmp_path):
    with Guest(
        tmp_path / "out",
        files={PACKAGE: "/package.deb"},
        prepare=["rm -rf $ROOT/var/lib/reprieve $ROOT/etc/reprieve"],
    ) as guest:
        install = ["dpkg", "--no-triggers", "--install", "/package.deb"]
        guest.run(*install)
        assert guest.run("systemctl", "is-active", *UNITS) == "active\n" * 3
        assert guest.run("systemctl", "is-enabled", *UNITS) == "enabled\n" * 3
        guest.run("reprieve", "token", CAMERA)
        waiting = guest.start("reprieve", "gate", "--require", CAMERA, "--response-timeout", "1h")
        waiting.error_line("waiting for")
        guest.run(*install)
        guest.wait_for("took back 1 of 1 ", "journalctl", "--unit=reprieved", "--output=cat")
        guest.run("reprieve", "force", update(guest), "--reason", "enough")
        assert waiting.end()[0] == 0
        guest.run("dpkg", "--no-triggers", "--purge", "reprieve")
        gone = ["/run/reprieve", "/var/lib/reprieve", "/etc/reprieve"]
        assert guest.run("ls", "--directory", *gone, code=2) == ""
        units = guest.run("systemctl", "list-unit-files", "--no-legend", "reprieve*", code=None)
        assert units == ""


@needs_systemd
def test_a_purge_empties_a_mount(tmp_path):
    with Guest(tmp_path / "out", files={PACKAGE: "/package.deb"}) as guest:
        guest.run("mkdir", "-p", "/var/lib/reprieve")
        guest.run("mount", "-t", "tmpfs", "tmpfs", "/var/lib/reprieve")
        guest.run("dpkg", "--no-triggers", "--install", "/package.deb")
        guest.run("touch", "/var/lib/reprieve/.file")
        guest.run("dpkg", "--no-triggers", "--purge", "reprieve")
        assert guest.run("ls", "--almost-all", "/var/lib/reprieve") == ""
        assert guest.run("dpkg-query", "--list", "reprieve", code=1) == ""


@needs_systemd
def test_an_upgrade_loses_no_deferral(tmp_path):
    with Guest(tmp_path / "out", files={PACKAGE: "/package.deb"}) as guest:
        install = ["dpkg", "--no-triggers", "--install", "/package.deb"]
        guest.run(*install)
        token = guest.run("reprieve", "token", CAMERA).strip()
        held = ["env", f"SVCUID={token}", "reprieve", "hold", "--why", "recording", "--", "cat"]
        hold = guest.start(*held, stdin=subprocess.PIPE)
        gate = guest.start("reprieve", "gate", "--require", CAMERA)
        gate.error_line("(recording)")
        before = participant(guest)
        guest.run(*install)
        guest.wait_for("took back 2 of 2 ", "journalctl", "--unit=reprieved", "--output=cat")
        after = participant(guest)
        same = ["component", "state", "deferrals", "message"]
        assert [after[key] for key in same] == [before[key] for key in same]
        assert after["state"] == "deferred" and after["remainingMs"] <= before["remainingMs"]
        hold.process.stdin.close()
        gate.error_line("released after")
        assert (gate.end()[0], hold.end()[0]) == (0, 0)


@needs_systemd
def test_an_upgrade_restarts_what_the_administrator_has_started(tmp_path):
    settings = {"/etc/reprieve/window": "WINDOWS=\"'Mon 00:00..01:00'\"\n"}
    settings["/etc/reprieve/alert"] = "ALERT=--wall\n"
    with Guest(tmp_path / "out", files={PACKAGE: "/package.deb"}, texts=settings) as guest:
        install = ["dpkg", "--no-triggers", "--install", "/package.deb"]
        guest.run(*install)
        started, stopped = OPTIONAL[:1] + OPTIONAL[2:], OPTIONAL[1]
        guest.run("systemctl", "enable", "--now", *started)
        process = ["systemctl", "show", "--property=MainPID", "--value", OPTIONAL[0]]
        before = guest.run(*process)
        guest.run(*install)
        assert guest.run("systemctl", "is-active", *started) == "active\n" * 2
        assert guest.run(*process) != before
        assert guest.run("systemctl", "is-active", stopped, code=3) == "inactive\n"
        guest.run("systemctl", "start", stopped)
        guest.run("dpkg", "--no-triggers", "--remove", "reprieve")
        listed = ["systemctl", "list-units", "--no-legend", "--state=active", *OPTIONAL]
        assert guest.run(*listed) == ""
        assert guest.run("pgrep", "--exact", "reprieve", code=1) == ""


@needs_systemd
def test_a_component_holds_an_update_back_at_the_installed_daemon(tmp_path):
    script = ROOT / "Packaging/debian/tests/installed"
    with Guest(tmp_path / "out", files={PACKAGE: "/package.deb", script: "/installed"}) as guest:
        guest.run("dpkg", "--no-triggers", "--install", "/package.deb")
        assert "com.example.Test" in guest.run("/installed")


@needs_systemd
def test_the_demo_runs_at_the_installed_daemon(tmp_path):
    samples = {ROOT / name: f"/source/{name}" for name in ["Samples", "Tests/Tools/prepare.sh"]}
    samples[ROOT / "Packaging/debian/tests/demo"] = "/source/debian/tests/demo"
    with Guest(tmp_path / "out", files={PACKAGE: "/package.deb"} | samples) as guest:
        guest.run("dpkg", "--no-triggers", "--install", "/package.deb")
        run = ["sh", "-c", "cd /source && exec debian/tests/demo 2>&1"]
        printed = guest.run(*run, timeout=60)
        assert "[com.example.Robot] an update wants to start: not now" in printed
        assert "[com.example.Printer] the update is over: applied" in printed
        assert "com.example" not in guest.run("reprieve", "status")


def participant(guest):
    [update] = json.loads(guest.run("reprieve", "status", "--json"))["updates"]
    [participant] = update["participants"]
    return participant


def update(guest):
    [update] = json.loads(guest.run("reprieve", "status", "--json"))["updates"]
    return update["deploymentId"]
