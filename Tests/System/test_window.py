# SPDX-License-Identifier: Apache-2.0
"""`reprieve window`: updates begin in maintenance windows only."""

import datetime
import json
import math
import os
import pathlib
import signal
import subprocess
import time
import zoneinfo

import pytest
from daemon import BUILD
from expect import CAMERA

UTC = datetime.timezone.utc
WRONG_USAGE, NOT_PERMITTED = 64, 77
WINDOW = "Sat,Sun 02:00..05:00"
UNCAPPED = {"maxDeferMs": 10**9, "maxTotalDeferMs": 10**9}


class Clock:
    """The wall clock of the programs that are started with its environment."""

    def __init__(self, directory, library, zone):
        self._path = pathlib.Path(directory, "clock")
        self.zone = zoneinfo.ZoneInfo(zone)
        self.environment = {"LD_PRELOAD": library, "WALL_CLOCK": str(self._path), "TZ": zone}

    def set(self, text):
        """To a local time."""
        moment = datetime.datetime.fromisoformat(text).replace(tzinfo=self.zone)
        self._path.write_text(str(math.ceil(moment.timestamp() - time.time())))


@pytest.fixture
def clock(directory, build_interposer):
    clock = Clock(directory, build_interposer("wall_clock.c"), "Europe/Berlin")
    clock.set("2026-11-27 12:00")
    return clock


@pytest.fixture
def window(daemon, processes, clock):
    def start(*windows, **options):
        environment = os.environ | clock.environment
        program = processes.reprieve_component(daemon, "window", *windows, env=environment)
        program.error_line("listening")
        return program

    return start


def check(*arguments, environment={}):
    command = [BUILD / "reprieve", "window", "--check", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=30, env=os.environ | environment
    )


# The answers


def test_outside_an_update_is_deferred_to_the_beginning_of_the_next_window(window, coordinator):
    window(WINDOW)
    participant = coordinator.gate("d", policy=UNCAPPED).shows(CAMERA, "deferred")
    begins = "begins Sat 2026-11-28 02:00 CET"
    assert participant["message"] == f'outside of the window "{WINDOW}", which {begins}'
    assert 13.9 * 3_600_000 < participant["untilMs"] <= 14 * 3_600_000


def test_inside_the_gate_opens(window, coordinator, clock):
    clock.set("2026-11-28 02:30")
    window("Wed 03:00..04:00", WINDOW)
    assert coordinator.gate("d").released()["basis"] == "consent"


def test_a_capped_deferral_is_renewed_in_each_round(window, coordinator):
    window(WINDOW)
    gate = coordinator.gate("d", policy={"maxDeferMs": 200})
    for deferrals in (1, 2, 3):
        assert gate.shows(CAMERA, "deferred")["deferrals"] >= deferrals


def test_the_gate_opens_when_the_window_begins(window, coordinator, clock):
    clock.set("2026-11-28 01:59:54")
    window(WINDOW)
    gate = coordinator.gate("d")
    gate.shows(CAMERA, "deferred")
    assert gate.released()["basis"] == "consent"


def test_what_was_acknowledged_is_deferred_again_when_the_window_ends(
    window, daemon, coordinator, clock
):
    clock.set("2026-11-28 04:59:54")
    robot = daemon.component("com.example.Robot")
    window(WINDOW)
    gate = coordinator.gate("d")
    robot.notice()
    robot.defer("d", 3_600_000)
    gate.shows(CAMERA, "acknowledged")
    message = gate.shows(CAMERA, "deferred")["message"]
    assert "which begins Sun 2026-11-29 02:00 CET" in message


def test_a_clock_that_is_set_changes_the_answer_at_once(window, coordinator, clock):
    program = window(WINDOW)
    gate = coordinator.gate("d", policy=UNCAPPED)
    gate.shows(CAMERA, "deferred")
    clock.set("2026-11-29 04:00")
    program.error_line("inside the window, which ends Sun 2026-11-29 05:00 CET")
    assert gate.released()["basis"] == "consent"


def test_without_a_clock_updates_wait_until_it_is_set(window, coordinator, clock):
    clock.set("1970-01-01 01:00:05")
    window(WINDOW)
    gate = coordinator.gate("d")
    message = gate.shows(CAMERA, "deferred")["message"]
    assert "the clock is not set: it shows Thu 1970-01-01 01:00 CET" in message
    clock.set("2026-11-28 02:00")
    assert gate.released()["basis"] == "consent"


def test_the_answer_outlives_a_broker_that_is_killed(window, start, daemon, clock):
    program = window(WINDOW)
    gate = daemon.coordinator().gate("d", policy=UNCAPPED)
    gate.shows(CAMERA, "deferred")
    daemon.kill()
    program.error_line("trying again")
    clock.set("2026-11-28 02:00")
    program.error_line("inside the window")
    daemon = start()
    gate = daemon.coordinator().gate("d", policy=UNCAPPED)
    assert gate.released()["basis"] == "consent"


def test_it_ends_with_sigterm_and_with_ctrl_c(window):
    for number, code in [(signal.SIGTERM, 0), (signal.SIGINT, 130)]:
        program = window(WINDOW)
        program.signal(number)
        assert program.end()[0] == code


# The next windows


def test_check_prints_the_next_windows_in_local_time(clock):
    lines = check(WINDOW, environment=clock.environment).stdout.splitlines()
    assert lines[0] == f'outside of the window "{WINDOW}", which begins Sat 2026-11-28 02:00 CET'
    assert lines[1].split() == ["BEGINS", "ENDS", "LASTS"]
    first = ["Sat 2026-11-28 02:00 CET", "Sat 2026-11-28 05:00 CET", "3 h"]
    assert lines[2].split("  ")[1:] == first
    assert len(lines) == 7


ZONES = ["Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu"]
ZONES += ["America/Sao_Paulo", "Africa/Casablanca", "Pacific/Apia", "UTC"]
TIMES = [((1, 30), (2, 15)), ((2, 0), (3, 0)), ((0, 0), (0, 30)), ((22, 0), (5, 0))]


@pytest.mark.parametrize("zone", ZONES)
def test_the_windows_of_a_year_are_those_of_the_time_zone_database(
    zone, directory, build_interposer
):
    """Compared with what each quarter of an hour shows on the local clock."""
    clock = Clock(directory, build_interposer("wall_clock.c"), zone)
    for begin, end in TIMES:
        window = "{:02}:{:02}..{:02}:{:02}".format(*begin, *end)
        for start in changes(zone, 2018) + changes(zone, 2026):
            clock.set(start.astimezone(clock.zone).replace(tzinfo=None).isoformat())
            printed = check("--json", window, environment=clock.environment)
            found = json.loads(printed.stdout)["windows"]
            found = [(one["beginsAtMs"] // 1000, one["endsAtMs"] // 1000) for one in found]
            assert found == shown(clock.zone, start, begin, end)[:5], (window, start)


def changes(zone, year):
    """Noon two days before each change of the local clock, and before the year."""
    zone = zoneinfo.ZoneInfo(zone)
    first = datetime.datetime(year, 1, 3, 12, tzinfo=UTC)
    days = [first + datetime.timedelta(days) for days in range(365)]
    two = datetime.timedelta(2)
    pairs = zip(days, days[1:])
    found = [day for day, next in pairs if offset(day, zone) != offset(next, zone)]
    return [day - two for day in [first, *found]]


def offset(moment, zone):
    return moment.astimezone(zone).utcoffset()


def shown(zone, start, begin, end):
    """The times at which the local clock shows a time of the window, in the week after `start`."""
    quarter, ranges = 900, []
    first = int(start.timestamp())
    for second in range(first - 2 * 86_400, first + 8 * 86_400, quarter):
        local = datetime.datetime.fromtimestamp(second, zone)
        time = (local.hour, local.minute)
        inside = begin <= time < end if begin < end else time >= begin or time < end
        if not inside:
            continue
        if ranges and ranges[-1][1] == second:
            ranges[-1] = (ranges[-1][0], second + quarter)
        else:
            ranges.append((second, second + quarter))
    return [one for one in ranges if one[1] > first]


@pytest.mark.parametrize(
    "window, error",
    [
        ("Feb 30", '"30" is not a time with a beginning and an end'),
        ("02-30 02:00..03:00", "never comes"),
        ("Sat,Foo 02:00..05:00", '"Foo" is not a weekday'),
        ("00:00..24:00", "no time outside"),
        ("2020-01-01 00:00..01:00", "no window comes any more"),
        ("\x1b[31m 02:00..05:00", "\\u{1b}"),
        ("", "not empty"),
    ],
)
def test_a_window_that_makes_no_sense_is_an_error_that_says_what_and_where(window, error):
    ended = check(window)
    assert (ended.returncode, ended.stdout) == (WRONG_USAGE, "")
    assert error in ended.stderr
    assert "\x1b" not in ended.stderr


def test_a_window_that_never_comes_starts_no_component(daemon, processes):
    program = processes.reprieve_component(daemon, "window", "02-30 02:00..03:00")
    assert program.end()[0] == WRONG_USAGE
