# SPDX-License-Identifier: Apache-2.0
"""`reprieve metrics`, read by the parsers of those who read it."""

import os
import stat
import subprocess

import pytest
from daemon import NOBODY, ROOT
from expect import CAMERA, defer

parser = pytest.importorskip(
    "prometheus_client.openmetrics.parser", reason="the virtual environment is an older one"
)
PROMTOOL = ROOT / ".build/updaters/tree/usr/bin/promtool"


def metrics(processes, daemon, *arguments):
    code, lines, errors = processes.reprieve(daemon, "metrics", *arguments).end()
    assert code == 0, errors
    return "".join(line + "\n" for line in lines)


def samples(text):
    """What the parser of Prometheus' own client finds, by names and labels."""
    found = {}
    for family in parser.text_string_to_metric_families(text):
        for one in family.samples:
            found[one.name, *sorted(one.labels.values())] = one.value
    return found


@pytest.fixture
def busy(daemon):
    """A forced update that is under way, and one that waits."""
    camera, gate = defer(daemon)
    daemon.coordinator().force("d")
    gate.released()
    assert camera.notice()["lastCall"]
    daemon.coordinator().complete("d")
    camera.post()
    daemon.connection().say_connect("0" * 26)
    daemon.coordinator().gate("e", components=[CAMERA])
    camera.notice()
    return daemon


def test_they_are_openmetrics(busy, processes):
    found = samples(metrics(processes, busy))
    assert found["reprieve_component_deferrals_total", CAMERA] == 1
    assert found["reprieve_component_overrides_total", CAMERA] == 1
    assert found["reprieve_component_deferrals_total", "*"] == 0
    assert found["reprieve_update_wait_seconds_count", "forced"] == 1
    assert found["reprieve_updates_ended_total", "applied"] == 1
    assert found["reprieve_updates_waiting",] == 1
    assert found["reprieve_blockers",] == 1
    assert 86_000 < found["reprieve_deadline_seconds",] <= 86_400
    assert found["reprieve_refusals_total", "denied"] == 1
    assert found["reprieve_file_appended_bytes_total", "journal"] > 0


def test_they_say_how_the_upstream_is(start, directory, processes):
    daemon = start("--upstream", f"{directory}/absent.socket")
    connection = daemon.connection()
    connection.say_connect("bm90IGEgdG9rZW4=")
    assert connection.next_frame().flags == 0
    found = samples(metrics(processes, daemon))
    assert found["reprieve_upstream_state", "unreachable"] == 1
    assert found["reprieve_upstream_refusals_total",] == 1
    assert found["reprieve_upstream_connections",] == 0


def test_they_outlive_a_restart_and_a_crash(start, processes):
    daemon = start()
    _, gate = defer(daemon)
    daemon.coordinator().force("d")
    gate.released()
    for end in ["stop", "kill"]:
        getattr(daemon, end)()
        daemon = start()
        found = samples(metrics(processes, daemon))
        assert found["reprieve_component_deferrals_total", CAMERA] == 1
        assert found["reprieve_update_wait_seconds_count", "forced"] == 1


@pytest.fixture
def private_umask():
    before = os.umask(0o077)
    yield
    os.umask(before)


def test_a_file_is_replaced_as_a_whole_and_readable_by_others(
    busy, processes, directory, private_umask
):
    path = directory + "/reprieve.prom"
    metrics(processes, busy, "--format", "prometheus", "--output", path)
    first = os.stat(path)
    assert stat.S_IMODE(first.st_mode) == 0o644
    metrics(processes, busy, "--format", "prometheus", "--output", path)
    assert os.stat(path).st_ino != first.st_ino
    assert not [name for name in os.listdir(directory) if name.endswith(".new")]
    with open(path, encoding="utf-8") as file:
        assert f'reprieve_component_deferrals_total{{component="{CAMERA}"}} 1' in file.read()


def test_a_file_that_cannot_be_written_is_an_error(busy, processes):
    code, _, errors = processes.reprieve(busy, "metrics", "--output", "/proc/x").end()
    assert code in (74, 77) and "/proc/x" in errors[0]


def test_what_is_no_file_is_not_replaced(busy, processes, directory):
    pipe, link = directory + "/pipe", directory + "/link.prom"
    os.mkfifo(pipe)
    os.symlink(pipe, link)
    for path in pipe, link, directory:
        code, _, errors = processes.reprieve(busy, "metrics", "--output", path).end()
        target = pipe if path == link else path
        assert code == 74 and f"cannot replace {target}: it is no ordinary file" in errors[0]
    assert stat.S_ISFIFO(os.stat(pipe).st_mode)


def test_two_may_write_the_same_file_at_once(busy, processes, directory):
    path = directory + "/reprieve.prom"
    programs = [processes.reprieve(busy, "metrics", "--output", path) for _ in range(12)]
    assert [program.end()[0] for program in programs] == [0] * 12


def test_a_link_is_followed_unless_it_belongs_to_another_user(busy, processes, directory):
    path, target = directory + "/reprieve.prom", directory + "/target"
    os.symlink(target, path)
    metrics(processes, busy, "--output", path)
    first = os.stat(target)
    if os.geteuid() != 0:
        pytest.skip("only root can make another user's link")
    os.chown(path, NOBODY, NOBODY, follow_symlinks=False)
    code, _, errors = processes.reprieve(busy, "metrics", "--output", path).end()
    assert code == 77 and f"cannot trust {path}: it belongs to uid {NOBODY}" in errors[0]
    assert os.stat(target) == first and os.path.islink(path)


@pytest.mark.updaters
def test_promtool_finds_nothing(busy, processes):
    text = metrics(processes, busy, "--format", "prometheus")
    command = [PROMTOOL, "check", "metrics"]
    checked = subprocess.run(command, input=text, capture_output=True, text=True, timeout=60)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


def test_many_names_make_few_series(start, processes):
    daemon = start()
    peers = [daemon.component(f"a.c{n}") for n in range(100)]
    gate = daemon.coordinator().gate("d")
    for peer in peers:
        peer.notice()
        peer.acknowledge("d")
    gate.released()
    found = samples(metrics(processes, daemon))
    rows = [key for key in found if key[0] == "reprieve_component_silences_total"]
    assert len(rows) == 65
