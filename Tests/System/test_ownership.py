# SPDX-License-Identifier: Apache-2.0
"""Directories and files that users other than root and the daemon's own can change are refused."""

import os
import pathlib
import stat
import subprocess

import pytest
from daemon import BUILD, NOBODY, reprieved
from expect import log_lines, works

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root has files of other users")
KINDS = ["file", "pipe", "device", "socket", "directory", "link", "hard link"]


@pytest.fixture
def place(directory):
    place = pathlib.Path(directory) / "place"
    place.mkdir()
    return place


def attempt(place, **options):
    """What a daemon says that finds something of another user, and exits with."""
    names = {"runtime_directory": place, "state_directory": place} | options
    return reprieved(*(f"--{name.replace('_', '-')}={path}" for name, path in names.items()))


def is_refused(run, path, *words):
    assert run.returncode == 69, run.stderr
    assert run.stderr.count("\n") == 1, run.stderr
    for word in [f"cannot trust {path}: ", *words]:
        assert word in run.stderr, run.stderr
    return True


def give_away(path, user=NOBODY):
    os.chown(path, user, user, follow_symlinks=False)


def make(kind, path, other):
    """A file of that kind, which belongs to another user."""
    other.write_text("somebody's")
    give_away(other)
    match kind:
        case "file":
            path.write_text("")
        case "pipe":
            os.mkfifo(path)
        case "device":
            os.mknod(path, 0o600 | stat.S_IFCHR, os.makedev(1, 3))
        case "socket":
            os.mknod(path, 0o600 | stat.S_IFSOCK)
        case "directory":
            path.mkdir()
        case "link":
            path.symlink_to(other)
        case "hard link":
            path.hardlink_to(other)
    give_away(path)
    return path.lstat()


# Directories


@pytest.mark.parametrize("option", ["runtime_directory", "state_directory"])
def test_a_directory_of_another_user_is_refused_and_left_alone(place, tmp_path, option):
    give_away(place)
    run = attempt(tmp_path, **{option: place})
    words = [f"uid {NOBODY}", "chown", "--" + option.replace("_", "-")]
    assert is_refused(run, place, *words)
    assert not list(place.iterdir())


@pytest.mark.parametrize("option", ["runtime_directory", "state_directory"])
@pytest.mark.parametrize("mode", [0o777, 0o775, 0o757])
def test_a_directory_that_others_may_write_to_is_refused(place, tmp_path, option, mode):
    place.chmod(mode)
    run = attempt(tmp_path, **{option: place})
    assert is_refused(run, place, f"0{mode:o}", "chmod go-w")


@pytest.mark.parametrize("option", ["component_socket", "control_socket"])
def test_a_socket_is_not_put_where_others_may_replace_it(place, tmp_path, option):
    give_away(place)
    run = attempt(tmp_path, **{option: place / "a.socket"})
    assert is_refused(run, place, f"uid {NOBODY}")
    assert not list(place.iterdir())


@pytest.mark.parametrize("change", ["owner", "mode"])
def test_a_directory_below_one_of_another_user_is_refused_and_not_made(place, change):
    above = place / "above"
    above.mkdir()
    give_away(above) if change == "owner" else above.chmod(0o777)
    assert is_refused(attempt(above / "run"), above)
    assert not list(above.iterdir())


def test_a_link_of_another_user_on_the_way_is_refused(place, directory):
    link = pathlib.Path(directory) / "link"
    link.symlink_to(place)
    give_away(link)
    assert is_refused(attempt(link), link, f"uid {NOBODY}")
    assert is_refused(attempt(link / "run"), link, f"uid {NOBODY}")
    assert not list(place.iterdir())


def test_a_link_of_roots_is_followed_and_what_it_leads_to_is_checked(start, place, directory):
    link = pathlib.Path(directory) / "state"
    (place.parent / "here").symlink_to(place)
    link.symlink_to("here/../place")
    daemon = start()
    works(daemon)
    daemon.stop()
    give_away(place)
    assert is_refused(attempt(link), place)


def test_a_link_to_a_name_that_is_not_utf_8_is_followed_to_it(place, directory):
    other = place / "o\udcff"
    other.mkdir()
    give_away(other)
    link = pathlib.Path(directory) / "link"
    link.symlink_to(other)
    assert is_refused(attempt(link), place / "o\\xff")
    assert not list(other.iterdir())


def test_a_directory_with_the_sticky_bit_may_be_everybodys(start, place):
    place.chmod(0o1777)
    works(start("--state-directory", place))


def test_a_daemon_of_another_user_uses_its_own_directories(start, place, directory):
    os.chown(directory, NOBODY, NOBODY)
    give_away(place)
    daemon = start("--state-directory", place, user=NOBODY)
    daemon.coordinator().gate("d", components=["com.example.Nobody"]).released()
    assert (place / "state").stat().st_uid == NOBODY


def test_a_daemon_without_roots_uid_in_its_namespace_starts(start, directory):
    os.chown(directory, NOBODY, NOBODY)
    wrapper = ["unshare", "--user", "--map-root-user"]
    if subprocess.run([*wrapper, "true"], user=NOBODY, stderr=subprocess.DEVNULL).returncode:
        pytest.skip("other users may make no namespaces")
    start(user=NOBODY, wrapper=wrapper)


def test_a_directory_that_another_user_makes_anew_is_named_and_not_used(daemon):
    """The daemon runs: it goes on without the directory."""
    works(daemon, "one")
    for file in daemon.state_directory.iterdir():
        file.unlink()
    give_away(daemon.state_directory)
    works(daemon, "two")
    assert log_lines(daemon, f"cannot trust {daemon.state_directory}: ")
    assert not list(daemon.state_directory.iterdir())


# Files


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", ["journal", "state", "lock", "control.socket", "ipc.socket.lock"])
def test_a_file_of_another_user_is_refused_and_left_alone(place, directory, name, kind):
    place.chmod(0o1777)
    other = pathlib.Path(directory) / "other"
    before = make(kind, place / name, other)
    run = attempt(place)
    assert is_refused(run, place / name, f"uid {NOBODY}")
    after = (place / name).lstat()
    assert (after.st_ino, after.st_mode, after.st_uid) == (
        before.st_ino,
        before.st_mode,
        before.st_uid,
    )
    assert other.read_text() == "somebody's"


@pytest.mark.parametrize("mode", [0o666, 0o620, 0o602])
@pytest.mark.parametrize("name", ["journal", "state"])
def test_a_file_that_others_could_write_is_not_believed(start, directory, name, mode):
    first = start()
    works(first)
    first.stop()
    file = (first.directory if name == "journal" else first.state_directory) / name
    file.touch()
    file.chmod(mode)
    second = start(may_die=True)
    assert second.process.wait(10) == 69
    second.kill()
    assert f"cannot trust {file}: its mode is 0{mode:o}" in second.log.read_text()
    file.chmod(0o600)
    works(start(), "again")


@pytest.mark.parametrize("name", ["journal", "state", "lock"])
def test_a_file_that_has_another_name_keeps_its_mode_and_is_not_written(start, directory, name):
    """The other name may be that of any file of root's."""
    other = pathlib.Path(directory) / "other"
    other.write_text("root's")
    state = pathlib.Path(directory) / "state"
    state.mkdir()
    os.link(other, (state if name != "journal" else pathlib.Path(directory)) / name)
    works(start())
    assert other.read_text() == "root's"
    assert stat.S_IMODE(other.stat().st_mode) == 0o644


# Settings and secrets


@pytest.mark.parametrize("change", ["owner", "mode"])
def test_a_configuration_of_another_user_is_refused(directory, change):
    file = pathlib.Path(directory) / "reprieved.conf"
    drop_in = pathlib.Path(f"{file}.d", "a.conf")
    drop_in.parent.mkdir()
    for one in file, drop_in:
        one.write_text("")
    assert reprieved("--check-config", "--config", str(file)).returncode == 0
    for one in drop_in, file:
        give_away(one) if change == "owner" else one.chmod(0o646)
        run = reprieved("--check-config", "--config", str(file))
        assert run.returncode == 78
        assert f"cannot trust {one}: " in run.stderr
        assert f"uid {NOBODY}" in run.stderr or "0646" in run.stderr


def test_a_pipe_that_others_can_write_to_is_no_configuration(directory):
    pipe = pathlib.Path(directory) / "reprieved.conf"
    os.mkfifo(pipe)
    pipe.chmod(0o646)
    run = reprieved("--check-config", "--config", str(pipe))
    assert run.returncode == 78
    assert f"cannot trust {pipe}: its mode is 0646" in run.stderr


@pytest.mark.parametrize("is_trusted", [False, True])
def test_the_name_of_a_drop_in_is_escaped(directory, is_trusted):
    file = pathlib.Path(directory) / "reprieved.conf"
    file.write_text("")
    drop_in = pathlib.Path(f"{file}.d", "\x1b[31m\nreprieved: all is well \u202e.conf")
    drop_in.parent.mkdir()
    drop_in.write_text("")
    if not is_trusted:
        give_away(drop_in)
    run = reprieved("--check-config", "--config", str(file))
    assert run.returncode == (0 if is_trusted else 78)
    shown = run.stdout if is_trusted else run.stderr
    assert "\\u{1b}[31m\\u{a}reprieved: all is well \\u{202e}.conf" in shown
    assert "\x1b" not in shown and "\u202e" not in shown


def test_no_configuration_at_all_is_what_a_device_has():
    assert reprieved("--check-config", "--config", "/dev/null").returncode == 0


@pytest.mark.parametrize("kind", ["file", "pipe"])
def test_the_lock_of_the_tokens_is_nobody_elses(processes, directory, kind):
    lock = pathlib.Path(directory) / ".tokens.lock"
    make(kind, lock, pathlib.Path(directory) / "other")
    program = processes.start(
        *[BUILD / "reprieve", "token", "a.b", "--tokens", f"{directory}/tokens"]
    )
    code, _, errors = program.end()
    assert code == 77 and f"cannot trust {lock}: " in errors[0]
