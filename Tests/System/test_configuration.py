# SPDX-License-Identifier: Apache-2.0
"""The configuration file, and the options that say the same."""

import itertools
import pathlib
import re
import signal

import pytest
from daemon import BUILD, reprieved
from expect import CAMERA, ROBOT

HOUR = 3_600_000

VALUES = {
    "DURATION": "30s",
    "yes|no": "yes",
    "proceed|refuse": "refuse",
    "LEVEL": "debug",
    "GROUP": "0",
    "PATH": "/nowhere/file",
    "DIRECTORY": "/nowhere",
    "COUNT": "100",
    "BYTES": "512K",
}

SOCKETS = ["ComponentSocket", "ControlSocket", "Upstream"]


@pytest.fixture
def file(directory):
    return pathlib.Path(directory) / "reprieved.conf"


def drop_in(file, name, text):
    directory = file.with_suffix(".conf.d")
    directory.mkdir(exist_ok=True)
    (directory / name).write_text(text)


def check(file):
    return reprieved("--check-config", "--config", str(file))


def option(key):
    """As an option, a key is spelt with hyphens."""
    return "--" + re.sub("(?<!^)(?=[A-Z])", "-", key).lower()


def reload(daemon):
    """A signal goes before whatever is asked after it."""
    daemon.process.send_signal(signal.SIGHUP)
    daemon.coordinator().status()


def example():
    """The example configuration, as (section, key, kind of value, default)."""
    section, kind, text = None, None, reprieved("--example-config").stdout
    for line in text.splitlines():
        if header := re.fullmatch(r"#?\[(\w+)( .*)?\]", line):
            section = header[1]
        elif setting := re.fullmatch(r"#([A-Z]\w+)=(.*)", line):
            yield section, setting[1], kind, setting[2]
            kind = None
        elif value := kind is None and re.match(r"# ([A-Za-z|]+): ", line):
            kind = value[1]


def header(section):
    return f"[{section}{' ' + CAMERA if section == 'Component' else ''}]"


def test_each_key_of_the_example_is_read_and_each_option_is_a_key(file):
    known = list(example())
    assert len(known) > 30
    for section, key, kind, _ in known:
        file.write_text(f"{header(section)}\n{key}={VALUES[kind]}\n")
        assert check(file).returncode == 0, (key, check(file).stderr)
        file.write_text(f"{header(section)}\n{key}Of=1\n")
        assert f"{file}:2: " in check(file).stderr
    keys = {key for section, key, *_ in known if section != "Component"}
    words = re.findall(r"--([a-z-]+)", reprieved("--help").stdout)
    options = {"".join(part.capitalize() for part in word.split("-")) for word in words}
    others = {"Config", "CheckConfig", "ExampleConfig", "Component", "Version", "Help"}
    assert options - others == keys


def test_the_example_has_the_bounds_of_each_number(file):
    """What is within them is read, and the next number is not."""
    text = reprieved("--example-config").stdout
    pattern = r"# (?:COUNT|BYTES): ((?:.|\n# )*?)\n#(\w+)="
    numbers = re.findall(pattern, text)
    assert len(numbers) > 8
    units = {"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}
    for about, key in numbers:
        bounds = re.search(r"; (\d+)([KMG]?) to (\d+)([KMG]?)$", about)
        assert bounds, (key, about)
        least = int(bounds[1]) * units.get(bounds[2], 1)
        most = int(bounds[3]) * units.get(bounds[4], 1)
        for number in least, most, least - 1, most + 1:
            file.write_text(f"[Broker]\n{key}={number}\n")
            is_read = check(file).returncode == 0
            assert is_read == (least <= number <= most), (key, number, check(file).stderr)
    longest = int(re.search(r"at most (\d+)d[.]$", text, re.MULTILINE)[1])
    for days in longest, longest + 1:
        file.write_text(f"[Policy]\nDeadline={days}d\n")
        assert (check(file).returncode == 0) == (days == longest)


def test_the_example_without_its_comments_changes_nothing(file):
    plain = reprieved("--example-config").stdout
    file.write_text(re.sub(r"^#(?=[\[A-Z])", "", plain, flags=re.MULTILINE))
    values = re.findall(r"^([A-Z]\w+)=(\S+) +(\S+)$", check(file).stdout, re.MULTILINE)
    assert values and all(place.startswith(f"{file}:") for *_, place in values)
    file.write_text(plain + f"[Component {CAMERA}]\n")
    defaults = re.findall(r"^([A-Z]\w+)=(\S+) +default$", check(file).stdout, re.MULTILINE)
    assert defaults == [(key, value) for key, value, _ in values]


def test_the_check_says_which_policy_holds_for_each_component_and_where_it_was_set(file):
    file.write_text("[Policy]\nMaxDefer=20m\nDeadline=2h\n[Component com.*]\nMaxDefer=5m\n")
    text = f"[Policy]\nMaxTotalDefer=1h\n[Component {ROBOT}]\nVeto=yes\n"
    drop_in(file, "10.conf", text + "[Component com.*]\nMaxTotalDefer=2h\n")
    camera = f"{CAMERA} Required=yes"
    checked = reprieved("--check-config", "--config", file, "--component", camera)
    rows = [line.split() for line in checked.stdout.split("\n\n", 1)[1].splitlines() if line]
    assert rows == [
        ["[Policy]"],
        ["ResponseTimeout=60s", "default"],
        ["Deadline=2h", f"{file}:3"],
        ["MaxDefer=20m", f"{file}:2"],
        ["MaxTotalDefer=1h", f"{file}.d/10.conf:2"],
        ["OnSilence=proceed", "default"],
        ["OnAbsence=refuse", "default"],
        ["OnDeadline=proceed", "default"],
        ["[Component", f"{CAMERA}]"],
        ["Subscribe=yes", "default"],
        ["MaxDefer=5m", f"{file}:5"],
        # A rule does not lengthen the time of the policy.
        ["MaxTotalDefer=1h", f"{file}.d/10.conf:2"],
        ["Required=yes", "--component"],
        ["Veto=no", "default"],
        # No maximum applies to a component that must agree.
        ["[Component", f"{ROBOT}]"],
        ["Subscribe=yes", "default"],
        ["Required=no", "default"],
        ["Veto=yes", f"{file}.d/10.conf:4"],
    ]


def test_a_wrong_key_or_option_suggests_the_right_one(file):
    file.write_text("[Policy]\nDeadlin=1h\nNonsense=1\n")
    first, second = check(file).stderr.splitlines()
    assert first.endswith("; did you mean Deadline?") and "did you mean" not in second
    assert reprieved("--max-defre", "1h").stderr.endswith("; did you mean --max-defer?\n")
    assert reprieved("--nonsense").stderr.endswith("; see reprieved --help\n")
    wrong = reprieved("--component", f"{CAMERA} Requird=yes").stderr
    assert wrong.endswith("; did you mean Required?\n")


def test_the_help_fits_a_screen_and_begins_with_an_example():
    lines = reprieved("--help").stdout.splitlines()
    assert lines[0] == "Example:" and lines[1].startswith("  reprieved ")
    assert len(lines) <= 24 and max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    "line, text",
    [
        (1, "[Nonsense]\nA=1"),
        (1, "LogLevel=info"),
        (2, "[Broker]\nNonsense=1"),
        (2, "[Broker]\nLogLevel=loud"),
        (2, "[Broker]\nloglevel=info"),
        (2, "[Broker]\nControlGroup=no-such-group"),
        (2, "[Broker]\nAccountConnections=0"),
        (2, "[Broker]\nAccountConnections=-1"),
        (2, "[Broker]\nAccountConnections=1048577"),
        (2, "[Broker]\nAccountHandshakes=many"),
        (2, "[Broker]\nAccountComponents=99999999999999999999"),
        (2, "[Broker]\nAccountBytes=63K"),
        (2, "[Broker]\nAccountBytes=1T"),
        (2, "[Broker]\nAccountBytes=K"),
        (2, "[Broker]\nAccountBytes=9999999999G"),
        (4, "# comment\n\n[Policy]\nDeadline=soon"),
        (2, "[Policy]\nDeadline=-1s"),
        (2, "[Policy]\nDeadline=999999999999h"),
        (2, "[Policy]\nOnSilence=maybe"),
        (2, "[Policy]\nLogLevel=info"),
        (1, "[Broker"),
        (2, "[Broker]\nwords"),
        (2, "[Broker]\n=x"),
        (1, "[Component]"),
        (1, "[Component a b]"),
        (1, "[Component ../../etc]"),
        (2, "[Component com.*]\nRequired=yes"),
        (2, "[Component com.*]\nVeto=yes"),
        (2, f"[Component {CAMERA}]\nSubscribe=perhaps"),
        (3, "[Policy]\nMaxDefer=\\\n  10m\nDeadline=soon"),
        (1, "\x1b[2J\x07"),
        (1, "\0\0\0"),
    ],
    ids=ascii,
)
def test_what_is_wrong_is_told_with_its_line_and_nothing_starts(file, directory, line, text):
    if "\\\n" in text:
        line += 1
    file.write_text(text + "\n")
    for arguments in [["--check-config"], ["--runtime-directory", f"{directory}/run"]]:
        daemon = reprieved(*arguments, "--config", str(file))
        assert daemon.returncode == 78
        assert f"{file}:{line}: " in daemon.stderr
        assert "\x1b" not in daemon.stderr and "\0" not in daemon.stderr
    assert not (pathlib.Path(directory) / "run").exists()


@pytest.mark.parametrize(
    "text, wrong",
    [
        # Comments in a continued line, also the last thing in it, and one that ends like one.
        (b"[Policy]\nMaxDefer=\\\n# a\n  ; b \\\n  10m\nDeadline=1h", []),
        (b"[Policy]\nMaxDefer=10m\\\n# a", []),
        (b"# a \\\n[Policy]\nMaxDefer=10m", []),
        (b"[Policy]\nMaxDefer=10m # a", [2]),
        # An empty line ends a continued one.
        (b"[Policy]\nMaxDefer=10m\\\n \t\nDeadline=1h", []),
        (b"[Policy]\nMaxDefer=10m\\\nDeadline=1h", [2]),
        # A backslash continues a line at its very end only, and unless it follows another one.
        (b"[Policy]\nMaxDefer=10\\ \nDeadline=x", [2, 3]),
        (b"[Policy]\nMaxDefer=10\\\\\nDeadline=x", [2, 3]),
        (b"[Policy]\nMaxDefer=10m\\", []),
        (b"[Po\\\nlicy]", [1]),
        # Spaces.
        (b" [Policy]\t\n\tMaxDefer \t= 10m \n", []),
        ("[Policy]\nMaxDefer=\u00a010m".encode(), [2]),
        # Ends of lines, and the mark that some editors begin a file with.
        (b"[Policy]\r\nMaxDefer=10m\r\nDeadline=\\\r\n1h\r\n", []),
        (b"[Policy]\rMaxDefer=10m\r", []),
        (b"\xef\xbb\xbf[Policy]\nMaxDefer=10m", []),
        (b"\xef\xbb\xbf# a\n[Policy]\n\xef\xbb\xbfMaxDefer=10m", [3]),
        # What is no text.
        (b"[Broker]\nTokensFile=/a\xff\nLogLevel=loud", [2, 3]),
        (b"[Broker]\nTokensFile=/a\0b", [2]),
        # No quotes; a truth value in any case.
        (b'[Broker]\nLogLevel="info"', [2]),
        (b"[Broker]\nNameByUnit=Yes\nAllowUnknown=OFF", []),
    ],
    ids=ascii,
)
def test_the_file_is_read_as_systemd_reads_its_own(file, text, wrong):
    """systemd.syntax(7)."""
    file.write_bytes(text)
    lines = check(file).stderr.splitlines()
    assert [int(line.split(":")[2]) for line in lines] == wrong, lines


@pytest.mark.parametrize("one, other", itertools.combinations(SOCKETS, 2))
def test_two_sockets_at_one_path_are_a_mistake(file, directory, one, other):
    path, same = f"{directory}/a.socket", f"{directory}/.//a.socket"
    file.write_text(f"[Broker]\n{one}={path}\n\n{other}={same}\n")
    words = f"{one} and {other} are the same, "
    assert f"{file}:4: {words}" in check(file).stderr
    assert check(file).returncode == 78
    file.write_text(f"[Broker]\n{one}={path}\n")
    options = ["--config", str(file), option(other), same, "--runtime-directory", directory]
    daemon = reprieved(*options, "--state-directory", f"{directory}/state")
    assert daemon.returncode == 78
    assert f"{option(other)}: {words}" in daemon.stderr
    file.write_text(f"[Broker]\n{one}={path}\n{other}={directory}/b.socket\n")
    assert check(file).returncode == 0


def test_a_socket_at_the_default_path_of_the_other_is_a_mistake(file, directory):
    file.write_text(f"[Broker]\nRuntimeDirectory={directory}\n")
    socket = f"{directory}/control.socket"
    wrong = reprieved("--check-config", "--config", str(file), "--component-socket", socket)
    assert wrong.returncode == 78
    assert "--component-socket: ComponentSocket and ControlSocket are the same" in wrong.stderr


def test_everything_wrong_is_told_at_once(file):
    file.write_text("[Broker]\nA=1\nB=2\n[Policy]\nDeadline=x\n")
    drop_in(file, "10.conf", "[Other]\n")
    assert check(file).stderr.count("\n") == 4


def test_a_file_that_is_asked_for_must_be_there(file):
    assert check(file).returncode == 78
    assert str(file) in check(file).stderr


def test_files_are_read_in_order_and_options_count_for_more(start, file):
    file.write_text("[Policy]\nMaxDefer=1s\nMaxTotalDefer=10s\nDeadline = 40s\n")
    drop_in(file, "20.conf", "[Policy]\nMaxDefer=3s\n")
    drop_in(file, "10.conf", "[Policy]\n; comment\nMaxDefer=2s\nMaxTotalDefer=\n")
    drop_in(file, "30.conf.old", "nonsense")
    daemon = start("--config", str(file), "--deadline", "50s")
    camera = daemon.component()
    daemon.coordinator().gate("d")
    notice = camera.notice()
    assert notice["maxDeferMs"] == 3_000
    assert 40_000 < notice["deadlineInMs"] <= 50_000
    assert camera.defer("d", 1_000)["remainingMs"] > HOUR, "an empty value takes back"


def test_rules_for_components_hold(start, file):
    file.write_text(
        "[Component com.example.*]\nMaxDefer=5s\nMaxTotalDefer=8s\n"
        f"[Component {ROBOT}]\nRequired=yes\n"
    )
    daemon = start("--config", str(file))
    camera = daemon.component(CAMERA)
    gate = daemon.coordinator().gate("d")
    assert camera.notice()["maxDeferMs"] == 5_000
    assert camera.defer("d", HOUR)["grantedMs"] == 5_000
    gate.shows(ROBOT, "absent")


def test_sighup_takes_a_good_file_and_keeps_the_old_one_for_a_bad_one(start, file):
    file.write_text("[Policy]\nMaxDefer=10s\n")
    daemon = start("--config", str(file))
    coordinator = daemon.coordinator()
    camera = daemon.component()

    def max_defer(deployment):
        coordinator.gate(deployment)
        return camera.notice()["maxDeferMs"]

    assert max_defer("one") == 10_000
    file.write_text("[Policy]\nMaxDefer=20s\n[Broker]\nLogLevel=debug\n")
    reload(daemon)
    assert "reloaded" in daemon.log.read_text()
    assert max_defer("two") == 20_000
    file.write_text("[Policy]\nMaxDefer=30s\nNonsense=1\n")
    reload(daemon)
    log = daemon.log.read_text()
    assert f"{file}:3: " in log and "the configuration is not reloaded" in log
    assert max_defer("three") == 20_000


def test_what_only_a_restart_changes_is_said(start, file, directory):
    file.write_text("")
    daemon = start("--config", str(file))
    file.write_text(f"[Broker]\nControlSocket={directory}/other\nControlGroup=0\n")
    reload(daemon)
    said = "a change of ControlSocket, ControlGroup takes effect at the next restart only"
    assert said in daemon.log.read_text()
    reload(daemon)
    assert daemon.control_socket.exists()


def test_the_control_socket_can_be_a_groups(start):
    daemon = start("--control-group", "65534")
    status = daemon.control_socket.stat()
    assert (status.st_mode & 0o777, status.st_gid) == (0o660, 65534)


@pytest.mark.parametrize(
    "value",
    ["", " ", "a b=c", f"{CAMERA} Nonsense=1", f"{CAMERA} MaxDefer"]
    + ["com.* Required=yes", "com.* Veto=yes"],
)
def test_a_bad_rule_on_the_command_line_is_wrong_usage(value):
    daemon = reprieved("--component", value)
    assert daemon.returncode == 64
    assert "--component" in daemon.stderr


def test_hidden_files_among_the_drop_ins_are_skipped(start, file):
    """Such as the lock of an editor, a link that leads nowhere."""
    file.write_text("\ufeff[Broker]\nLogLevel=info\n")
    drop_ins = file.with_name(file.name + ".d")
    drop_ins.mkdir()
    (drop_ins / ".#10.conf").symlink_to("user@host.4711:1700000000")
    (drop_ins / ".hidden.conf").write_text("nonsense")
    (drop_ins / "10.conf").write_text("\ufeff[Policy]\nResponseTimeout=7s\n")
    daemon = start("--config", str(file))
    camera = daemon.component()
    daemon.coordinator().gate("d")
    assert camera.notice()["respondByMs"] <= 7_000


def test_the_tokens_lie_beside_the_file_that_is_asked_for(start, file, processes):
    tokens = file.with_name("tokens")
    program = processes.start(BUILD / "reprieve", "token", "com.example.Camera", "--tokens", tokens)
    assert program.end()[0] == 0
    file.write_text("[Broker]\n")
    assert "1 token\n" in start("--config", str(file)).log.read_text()


@pytest.mark.parametrize("place", ["", "reprieved.conf.d", "secrets"])
def test_nothing_is_read_from_a_directory_that_others_can_change(start, file, directory, place):
    shared = pathlib.Path(directory) / place
    shared.mkdir(exist_ok=True)
    file.write_text(f"[Broker]\nTokensFile={directory}/secrets/tokens\n")
    shared.chmod(0o777)
    checked = check(file)
    assert checked.returncode == 78
    assert checked.stderr.count(f"cannot trust {str(shared).rstrip('/')}: its mode is 0777") == 1
    shared.chmod(0o755)
    assert check(file).returncode == 0
