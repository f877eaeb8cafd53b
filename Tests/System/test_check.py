# SPDX-License-Identifier: Apache-2.0
"""`reprieve check`, on a device that is set up well and on one that is not."""

import os
import pathlib
import subprocess

import pytest
from daemon import BUILD, NOBODY, reprieved
from expect import CAMERA, ROBOT

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def check(processes, tmp_path):
    """Runs it on a directory that stands for the root of a device."""

    def check(daemon, *arguments, code, **options):
        command = ["--component-socket", daemon.component_socket, "--root", tmp_path]
        command += ["--state-directory", "/state", "--configuration-directory", "/etc/reprieve"]
        program = processes.reprieve(daemon, "check", *command, *arguments, **options)
        found, lines, errors = program.end()
        assert found == code, (lines, errors)
        return "\n".join(lines)

    return check


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def test_a_device_without_problems(daemon, check, tmp_path):
    (tmp_path / "state").mkdir()
    text = check(daemon, "--component", CAMERA, code=0)
    assert f"ok       this process is {CAMERA}, by its claim" in text
    assert "ok       the control socket" in text
    assert "all names in units, rules and tokens are those of components" in text
    assert "problem" not in text


def test_what_is_set_up_badly_is_named_with_what_to_do(daemon, check, tmp_path):
    os.chmod(daemon.control_socket, 0o666)
    daemon.component()
    conf = tmp_path / "etc/systemd/logind.conf.d"
    write(conf / "zz-reprieve.conf", "[Login]\nInhibitDelayMaxSec=2min\n")
    write(conf / "zz-zother.conf", "[Login]\nInhibitDelayMaxSec=5\n")
    unit = f"[Service]\nExecStop=/usr/bin/reprieve gate --require {CAMERA} --component com.typo\n"
    write(tmp_path / "etc/systemd/system/nucleus.service.d/reprieve.conf", unit)
    write(tmp_path / "etc/reprieve/reprieved.conf", f"[Component {ROBOT}]\nRequired=yes\n")
    text = check(daemon, "--component", "a.b", code=14)
    assert "with mode 0666: every user may force and cancel updates" in text
    assert "-> set SocketMode=0660" in text
    # Also where logind cannot be asked.
    foreign = "InhibitDelayMaxSec=5 in /etc/systemd/logind.conf.d/zz-zother.conf counts for more"
    assert foreign in text
    assert "reprieve.conf names com.typo, which no component is called" in text
    assert f"reprieved.conf names {ROBOT}" in text and CAMERA not in text
    assert "the state directory /state is not there" in text


def test_a_token_that_is_not_known_is_found(daemon, check, tmp_path):
    (tmp_path / "state").mkdir()
    environment = os.environ | {"SVCUID": "0" * 26}
    text = check(daemon, code=0, env=environment)
    assert "note     this process is no component" in text and "its token is not known" in text


def test_an_unused_token_is_found(start, check, directory, tmp_path):
    (tmp_path / "state").mkdir()
    tokens = pathlib.Path(directory) / "tokens"
    daemon = start("--tokens-file", str(tokens))
    command = [BUILD / "reprieve", "token", CAMERA, "--control-socket", daemon.control_socket]
    subprocess.run([*command, "--tokens", tokens], check=True, capture_output=True, timeout=60)
    (tmp_path / directory[1:]).mkdir(parents=True)
    copy = tmp_path / directory[1:] / "tokens"
    copy.write_bytes(tokens.read_bytes())
    copy.chmod(0o600)
    text = check(daemon, "--component", "a.b", code=0)
    assert f"of {CAMERA} is not used" in text
    copy.chmod(0o644)
    text = check(daemon, "--component", "a.b", code=0)
    assert "tokens are not checked: cannot trust" in text and "and tokens are those" not in text


def test_a_broker_that_is_not_there_is_found(daemon, check):
    daemon.stop()
    text = check(daemon, code=14)
    assert "problem  the control socket" in text and "systemctl status reprieved" in text


# The configuration, as the daemon would read it


@pytest.mark.parametrize("name", ["reprieved.conf", "reprieved.conf.d/10.conf"])
def test_a_configuration_that_the_daemon_does_not_start_with_is_a_problem(
    daemon, check, tmp_path, name
):
    (tmp_path / "state").mkdir()
    file = tmp_path / "etc/reprieve" / name
    write(file, "[Broker]\nLogLevel=info\nbogus\n")
    if name == "reprieved.conf":
        assert reprieved("--check-config", "--config", str(file)).returncode == 78
    text = check(daemon, "--component", CAMERA, code=14)
    assert f'problem  {file}:3: "bogus" is neither' in text
    assert "-> correct it: the broker does not start with it" in text
    file.write_text("[Broker]\nLogLevel=info\n")
    text = check(daemon, "--component", CAMERA, code=0)
    assert f"ok       the configuration is good: {file}; 0 rules" in text


@pytest.mark.parametrize("name", ["reprieved.conf", "tokens"])
def test_a_file_that_the_daemon_does_not_trust_is_a_problem(daemon, check, tmp_path, name):
    (tmp_path / "state").mkdir()
    file = tmp_path / "etc/reprieve" / name
    write(file, "")
    file.chmod(0o666)
    text = check(daemon, "--component", CAMERA, code=14)
    assert f"problem  cannot trust {file}: its mode is 0666" in text


def test_a_tokens_file_that_is_named_and_not_there_is_noted(daemon, check, tmp_path):
    (tmp_path / "state").mkdir()
    write(tmp_path / "etc/reprieve/reprieved.conf", "[Broker]\nTokensFile=/nowhere/t\n")
    text = check(daemon, "--component", CAMERA, code=0)
    assert "note     there is no tokens file /nowhere/t" in text


def test_a_daemon_that_is_not_installed_is_said(daemon, check, tmp_path, monkeypatch):
    (tmp_path / "state").mkdir()
    (tmp_path / "bin").mkdir()
    alone = tmp_path / "bin/reprieve"
    alone.write_bytes((BUILD / "reprieve").read_bytes())
    alone.chmod(0o755)
    monkeypatch.setattr("processes.BUILD", alone.parent)
    text = check(daemon, "--component", CAMERA, code=0)
    assert "note     the configuration is not checked: no reprieved was found" in text
    (tmp_path / "bin/reprieved").symlink_to((BUILD / "reprieved").resolve())
    assert "ok       the configuration is good" in check(daemon, "--component", CAMERA, code=0)


@as_root
def test_a_file_that_only_the_broker_may_read_is_no_problem_of_it(daemon, check, directory):
    # Unlike those of pytest's, this directory is open to every user.
    tokens = pathlib.Path(directory, "etc/reprieve/tokens")
    write(tokens, "")
    tokens.chmod(0o600)
    os.chmod(daemon.control_socket, 0o666)
    text = check(daemon, "--root", directory, code=14, user=NOBODY)
    assert f"note     not checked: cannot open {tokens}: Permission denied" in text
    assert "problem  cannot" not in text and "-> run it as the broker's user" in text


# An ordinary user's broker


@as_root
def test_the_broker_of_an_ordinary_user_is_looked_at_where_it_keeps_its_files(
    processes, directory
):
    home = pathlib.Path(directory, "home")
    home.mkdir()
    os.chown(home, NOBODY, NOBODY)
    environment = {"HOME": str(home), "XDG_RUNTIME_DIR": str(home), "PATH": os.environ["PATH"]}
    options = {"env": environment, "user": NOBODY}
    processes.start(BUILD / "reprieved", "--name-by-unit", "no", **options).error_line("serving")
    write(home / ".config/reprieve/reprieved.conf", "[Policy]\nDeadline=soon\n")
    command = [BUILD / "reprieve", "check", "--component", "a.b"]
    _, lines, _ = processes.start(*command, **options).end()
    text = "\n".join(lines)
    assert f"the state directory {home}/.local/state/reprieve " in text
    assert "state/reprieve is not there" not in text
    assert f"problem  {home}/.config/reprieve/reprieved.conf:2: Deadline" in text
    # The system's broker has the system's directories, whoever asks.
    command = [BUILD / "reprieve", "check", "--control-socket", "/run/reprieve/none.socket"]
    _, lines, _ = processes.start(*command, **options).end()
    assert any("the state directory /var/lib/reprieve " in line for line in lines)


def test_a_root_that_is_not_there_is_said_and_nothing_else(daemon, processes):
    command = [BUILD / "reprieve", "check", "--control-socket", daemon.control_socket]
    code, lines, errors = processes.start(*command, "--root", "/nonexistent").end()
    assert (code, lines) == (74, [])
    (error,) = errors
    assert "/nonexistent" in error and "--root" in error
