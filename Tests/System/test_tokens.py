# SPDX-License-Identifier: Apache-2.0
"""Tokens that the operator issues, lists and revokes."""

import fcntl
import os
import pathlib
import re
import signal
import stat

import pytest
from daemon import BUILD, NOBODY, open_elsewhere, reprieved
from expect import CAMERA, ROBOT, refused
from protocol import ACCEPTED, Component

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")


@pytest.fixture
def file(directory):
    return pathlib.Path(directory) / "tokens"


@pytest.fixture
def token(processes, file):
    """Runs `reprieve token` on the file: its output, its exit code and its errors."""

    def token(*arguments, code=0):
        program = processes.start(BUILD / "reprieve", "token", *arguments, "--tokens", file)
        found, lines, errors = program.end()
        assert found == code, errors
        return errors if code else lines

    return token


@pytest.fixture
def daemon(start, file):
    return start("--tokens-file", str(file))


def reload(daemon):
    """A signal goes before whatever is asked after it."""
    daemon.process.send_signal(signal.SIGHUP)
    daemon.coordinator().status()


def flags(connection, token):
    connection.say_connect(token)
    return connection.next_frame().flags


def test_a_token_is_printed_once_and_only_its_digest_is_kept(token, file):
    (text,) = token(CAMERA)
    assert re.fullmatch("[0-9a-z]{26}", text)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert text not in file.read_text()
    assert token(CAMERA) != [text]


def test_tokens_are_listed_without_themselves(token):
    (first,) = token(CAMERA)
    token(ROBOT)
    lines = token("--list")
    assert [line.split()[0] for line in lines] == [CAMERA, ROBOT]
    assert first not in "".join(lines)


def test_a_revoked_token_is_no_longer_listed(token):
    token(CAMERA)
    token(ROBOT)
    token("--revoke", CAMERA)
    assert len(token("--list")) == 1
    assert "no token" in token("--revoke", CAMERA, code=66)[0]


def test_many_at_once_lose_nothing(processes, token, file):
    programs = [
        processes.start(BUILD / "reprieve", "token", f"a.b{n}", "--tokens", file) for n in range(8)
    ]
    assert {program.end()[0] for program in programs} == {0}
    assert len(token("--list")) == 8


@as_root
def test_another_user_who_locks_the_directory_delays_nothing(token, processes, directory):
    hold = ["flock", directory, "sh", "-c", "echo locked; read line"]
    holder = processes.start(*hold, user=NOBODY, stdin=-1)
    holder.line("locked")
    token(CAMERA)
    token("--revoke", CAMERA)


def test_the_lock_is_a_file_that_only_its_owner_can_open(token, directory):
    token(CAMERA)
    lock = pathlib.Path(directory, ".tokens.lock")
    assert stat.S_ISREG(lock.lstat().st_mode)
    assert stat.S_IMODE(lock.stat().st_mode) == 0o600


def test_a_link_in_the_place_of_the_lock_is_not_followed(token, directory):
    elsewhere = pathlib.Path(directory, "elsewhere")
    pathlib.Path(directory, ".tokens.lock").symlink_to(elsewhere)
    assert ".tokens.lock" in token(CAMERA, code=74)[0]
    assert not elsewhere.exists()


def test_a_lock_that_is_held_too_long_is_named_with_what_to_do(token, directory):
    lock = pathlib.Path(directory, ".tokens.lock")
    with open(lock, "w", encoding="utf-8") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        (error,) = token(CAMERA, code=75)
    assert str(lock) in error and "lslocks" in error
    token(CAMERA)


def test_a_change_is_on_the_disk_before_it_is_said(processes, file, interposer, tmp_path):
    """Also where the directory did not exist: its name, too, outlives a loss of power."""
    folder = file.parent / "new"
    log = tmp_path / "calls"
    environment = os.environ | {"LD_PRELOAD": interposer, "INTERPOSE_LOG": str(log)}
    command = [BUILD / "reprieve", "token", CAMERA, "--tokens", folder / "tokens"]
    assert processes.start(*command, env=environment).end()[0] == 0
    calls = [tuple(line.split(" ")[::2]) for line in log.read_text().splitlines()]
    calls = [call for call in calls if str(file.parent) in call[1] or "pipe:" in call[1]]
    written = [call for call in calls if call[0] != "unlink" and "pipe:" not in call[1]]
    draft = str(folder / "tokens.new")
    assert written == [
        ("mkdir", str(folder)),
        ("fsync", str(file.parent)),
        ("write", draft),
        ("fsync", draft),
        ("rename", str(folder / "tokens")),
        ("fsync", str(folder)),
    ]
    assert calls[-1][0] == "write" and "pipe:" in calls[-1][1]


def test_the_directories_above_the_file_are_made(processes, directory):
    home = pathlib.Path(directory, "home")
    home.mkdir()
    user = {"user": NOBODY} if os.geteuid() == 0 else {}
    if user:
        os.chown(home, NOBODY, NOBODY)
    options = user | {"env": {"HOME": str(home), "PATH": os.environ["PATH"]}}
    assert processes.start(BUILD / "reprieve", "token", CAMERA, **options).end()[0] == 0
    file = home / ".config/reprieve/tokens"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    command = [BUILD / "reprieve", "token", CAMERA, "--tokens", "/proc/a/b/tokens"]
    code, _, errors = processes.start(*command).end()
    assert code != 0 and "cannot make the directory /proc/a" in errors[0]


@pytest.mark.parametrize("output", [">&-", ">/dev/full", "pipe"])
def test_a_token_that_nobody_has_seen_is_not_valid(processes, token, file, output):
    (first,) = token(CAMERA)
    before = token("--list")
    # A pipe without a reader takes nothing either.
    reading, writing = os.pipe()
    os.close(reading)
    command = [BUILD / "reprieve", "token", CAMERA, "--tokens", file]
    if output != "pipe":
        command = ["sh", "-c", f'exec "$@" {output}', "sh", *command]
    code, _, errors = processes.start(*command, stdout=writing).end()
    os.close(writing)
    assert code == 74 and "no token was issued" in errors[-1], errors
    assert "issued the token" not in "".join(errors)
    assert token("--list") == before
    assert first not in file.read_text()


@pytest.mark.parametrize("name", ["", "a b", "a/b/c", "x" * 129, "a\x1b[2J"], ids=ascii)
def test_a_malformed_name_gets_no_token(token, file, name):
    token(name, code=64)
    assert not file.exists()


@as_root
def test_a_token_names_the_component_that_sends_it(daemon, token, coordinator):
    (text,) = token(CAMERA)
    connection = daemon.keep(open_elsewhere(daemon.component_socket, user=NOBODY))
    connection.connect(text)
    camera = Component(connection)
    gate = coordinator.gate("d")
    assert gate.response["participants"] == [CAMERA]
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


@as_root
def test_a_revoked_token_ends_its_connection_and_falls_through(daemon, token):
    (text,) = token(CAMERA)
    connection = daemon.keep(open_elsewhere(daemon.component_socket, user=NOBODY))
    assert flags(connection, text) == ACCEPTED
    token("--revoke", CAMERA)
    assert connection.ends()
    again = daemon.keep(open_elsewhere(daemon.component_socket, user=NOBODY))
    assert flags(again, text) == 0


def test_an_unknown_token_falls_through_to_the_claim(daemon, token):
    token(ROBOT)
    reload(daemon)
    connection = daemon.connection()
    connection.say_connect(payload={"authToken": "0" * 26, "componentName": CAMERA})
    assert connection.next_frame().flags == ACCEPTED


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o666])
def test_a_file_with_loose_permissions_is_refused_with_the_reason(token, file, mode):
    token(CAMERA)
    file.chmod(mode)
    daemon = reprieved("--check-config", "--tokens-file", str(file))
    assert daemon.returncode == 78
    assert str(file) in daemon.stderr and f"0{mode:o}" in daemon.stderr
    assert f"0{mode:o}" in token("--list", code=77)[0]


@as_root
def test_a_file_of_another_user_is_refused(token, file):
    token(CAMERA)
    os.chown(file, NOBODY, NOBODY)
    daemon = reprieved("--check-config", "--tokens-file", str(file))
    assert daemon.returncode == 78
    assert f"uid {NOBODY}" in daemon.stderr


@pytest.mark.parametrize(
    "content", [b"garbage\n", b"\xff\xfe\n", b"a.b 12\n", b"x" * 2_000_000], ids=len
)
def test_a_damaged_file_is_refused_and_what_was_read_before_stays(daemon, token, file, content):
    (text,) = token(CAMERA)
    reload(daemon)
    file.write_bytes(content)
    reload(daemon)
    assert "the configuration is not reloaded" in daemon.log.read_text()
    assert flags(daemon.connection(), text) == ACCEPTED
    daemon.stop()
    assert reprieved("--check-config", "--tokens-file", str(file)).returncode == 78
    token("--list", code=74)


def test_a_component_that_policy_forbids_is_told_so(start, file):
    daemon = start("--component", f"{CAMERA} Subscribe=no", "--allow-unknown", "no")
    for name in [CAMERA, ROBOT]:
        refused(lambda: daemon.component(name), "UnauthorizedError", name)


@pytest.mark.parametrize("target", ["real/tokens", "../real/tokens"])
def test_a_linked_file_is_followed_and_the_link_stays(processes, directory, target):
    place = pathlib.Path(directory) / "links"
    place.mkdir()
    real = place / target
    real.parent.resolve().mkdir()
    link, again = place / "tokens", place / "again"
    link.symlink_to(target)
    again.symlink_to("tokens")
    for name, path in [(CAMERA, link), (ROBOT, again)]:
        assert processes.start(BUILD / "reprieve", "token", name, "--tokens", path).end()[0] == 0
    assert link.is_symlink() and again.is_symlink() and not real.is_symlink()
    assert CAMERA in real.read_text() and ROBOT in real.read_text()


def test_a_link_that_leads_round_in_a_circle_is_an_error(token, file):
    file.symlink_to(file.name)
    assert "ELOOP" in "\n".join(token(CAMERA, code=74))


def test_a_byte_order_mark_is_skipped(token, file):
    token(CAMERA)
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes().split(b"\n", 1)[1])
    assert [line.split()[0] for line in token("--list")] == [CAMERA]


# What takes effect at once


@pytest.fixture
def command(processes, file):
    """Runs `reprieve token` beside a daemon: its output, and what it says."""

    def command(daemon, *arguments, code=0):
        options = ["--tokens", file, "--control-socket", daemon.control_socket]
        program = processes.start(BUILD / "reprieve", "token", *arguments, *options)
        found, lines, errors = program.end()
        assert found == code, errors
        return lines, "\n".join(errors)

    return command


def is_known(daemon, text):
    connection = daemon.connection()
    connection.say_connect(text)
    return connection.next_frame().flags == ACCEPTED


def test_a_token_is_valid_once_the_command_has_said_so(daemon, command):
    (text,), said = command(daemon, CAMERA)
    assert "the broker has read it" in said
    assert is_known(daemon, text)
    command(daemon, "--revoke", CAMERA)
    assert not is_known(daemon, text)


def test_one_of_two_tokens_is_revoked_by_the_digits_that_are_listed(daemon, command):
    (old,), _ = command(daemon, CAMERA)
    (new,), said = command(daemon, CAMERA)
    assert f"{CAMERA} has 2 tokens" in said
    lines, _ = command(daemon, "--list")
    digits = lines[0].split()[1]
    _, said = command(daemon, "--revoke", CAMERA, "--digits", digits)
    assert f"revoked 1 token, {digits}; {CAMERA} has 1 token" in said
    assert not is_known(daemon, old) and is_known(daemon, new)


def test_digits_that_no_token_of_the_component_has_revoke_nothing(daemon, command):
    (text,), _ = command(daemon, CAMERA)
    (digits,) = [line.split()[1] for line in command(daemon, "--list")[0]]
    command(daemon, "--revoke", CAMERA, "--digits", "00000000", code=66)
    command(daemon, "--revoke", ROBOT, "--digits", digits, code=66)
    command(daemon, "--revoke", CAMERA, "--digits", "xyz", code=64)
    command(daemon, CAMERA, "--digits", digits, code=64)
    assert is_known(daemon, text)


def test_a_change_by_hand_takes_effect_at_once_too(daemon, command, file):
    (text,), _ = command(daemon, CAMERA)
    connection = daemon.connection()
    connection.connect(text)
    file.write_text("")
    assert connection.ends()


def test_a_file_in_a_directory_that_is_made_later_is_read(start, processes, directory):
    path = pathlib.Path(directory) / "later" / "on" / "tokens"
    daemon = start("--tokens-file", str(path))
    path.parent.parent.mkdir(mode=0o755)
    options = ["--tokens", path, "--control-socket", daemon.control_socket]
    program = processes.start(BUILD / "reprieve", "token", CAMERA, *options)
    code, (text,), said = program.end()
    assert code == 0 and "the broker has read it" in said[0]
    assert is_known(daemon, text)


def test_a_file_that_an_editor_replaces_revokes_nothing_meanwhile(daemon, command, file):
    (text,), _ = command(daemon, CAMERA)
    connection = daemon.connection()
    connection.connect(text)
    copy = file.read_bytes()
    file.rename(file.with_suffix(".old"))
    daemon.coordinator().status()
    file.touch(0o600)
    file.write_bytes(copy)
    assert is_known(daemon, text)
    assert "token was revoked" not in daemon.log.read_text()


def test_the_command_says_that_the_broker_reads_another_file(start, command, directory):
    daemon = start("--tokens-file", directory + "/other")
    _, said = command(daemon, CAMERA)
    assert f"reads {directory}/other" in said


def test_the_command_says_that_no_broker_is_running(token, processes, file):
    options = ["--tokens", file, "--control-socket", file.parent / "none"]
    code, _, said = processes.start(BUILD / "reprieve", "token", CAMERA, *options).end()
    assert code == 0 and "is not running, and reads it at its start" in said[0]


def test_the_command_fails_where_the_broker_does_not_take_the_file(daemon, command, file):
    command(daemon, CAMERA)
    file.write_text("garbage\n")
    daemon.coordinator().status()
    log = daemon.log.read_text()
    assert "the tokens that were read before stay valid" in log
    command(daemon, CAMERA, code=74)


def test_an_unknown_token_is_called_that_in_the_answer_and_in_the_log(daemon):
    connection = daemon.connection()
    connection.say_connect("0" * 26)
    answer = connection.next_frame()
    assert answer.flags == 0
    assert b"its token is not known" in answer.payload
    daemon.coordinator().status()
    assert "its token is not known" in daemon.log.read_text()


def test_a_component_of_this_project_is_told_why_it_is_denied(daemon, processes):
    environment = os.environ | {"SVCUID": "0" * 26}
    options = ["--component-socket", daemon.component_socket, "--if-denied", "refuse"]
    program = [BUILD / "reprieve", "hold", "--why", "x", *options, "--", "true"]
    _, _, said = processes.start(*program, env=environment).end()
    assert "its token is not known" in "\n".join(said)


def test_checking_notices_a_tokens_file_that_is_not_there(directory):
    path = directory + "/none"
    checked = reprieved("--check-config", "--tokens-file", path)
    assert checked.returncode == 0
    assert f"there is no tokens file {path}" in checked.stderr
