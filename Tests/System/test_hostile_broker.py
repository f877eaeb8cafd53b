# SPDX-License-Identifier: Apache-2.0
"""A malicious broker: what it can do to the commands that talk to it is bounded."""

import contextlib
import os
import pathlib
import re
import signal
import subprocess
import time

import pytest
from hostile_broker import (
    LARGEST,
    OBEYED,
    SMALLEST,
    TEXT,
    HostileBroker,
    answers,
    answers_bit_by_bit,
    complains,
    complains_at_once,
    floods,
    gate_response,
    half_a_frame,
    half_an_event,
    handshake_bit_by_bit,
    history,
    notice,
    only_accepts,
    pings,
    pings_before_the_handshake,
    refuses,
    released,
    sends,
    silent,
    status,
    update,
    withdrawn,
)
from protocol import TIMEOUT

UNREACHABLE = 69
# Megabytes. The command takes 17 without a broker.
MOST_MEMORY = 128
HOOK = ["--exec", "/bin/true"]
SHORTLY = ["--why", "writing", "--", "sleep", "1"]
WHILE = ["--why", "writing", "--", "sleep", "100"]


@pytest.fixture
def against(directory, processes):
    """Runs the command against a hostile broker."""
    brokers = []

    def run(script, command, *arguments, **options):
        path = pathlib.Path(directory, f"hostile{len(brokers)}.socket")
        brokers.append(HostileBroker(path, script))
        is_component = command in ("hold", "listen", "window")
        start = processes.reprieve_component if is_component else processes.reprieve
        program = start(brokers[-1], command, *arguments, **options)
        assert brokers[-1].is_reached.wait(TIMEOUT)
        return program

    yield run
    for broker in brokers:
        broker.close()


def peak_memory(program):
    """In megabytes."""
    with contextlib.suppress(FileNotFoundError, TypeError):
        text = pathlib.Path(f"/proc/{program.pid}/status").read_text()
        return int(re.search(r"VmHWM:\s*(\d+)", text)[1]) // 1_024
    return 0


def watch_memory(program, seconds):
    end = time.monotonic() + seconds
    most = 0
    while program.process.poll() is None and time.monotonic() < end:
        most = max(most, peak_memory(program))
        with contextlib.suppress(subprocess.TimeoutExpired):
            program.process.wait(0.05)
    return most


def ends_at(program, number):
    start = time.monotonic()
    program.signal(number)
    code, _, _ = program.end(10)
    return code, time.monotonic() - start


# Waits


WAITS = {
    "a handshake": (silent, "status"),
    "a handshake, byte by byte": (handshake_bit_by_bit, "status"),
    "a handshake of a component": (silent, "listen", *HOOK),
    "pings instead of a handshake": (pings_before_the_handshake, "status"),
    "status": (only_accepts, "status"),
    "status, byte by byte": (answers_bit_by_bit, "status"),
    "half a status": (half_a_frame, "status"),
    "pings instead of a status": (pings, "status"),
    "watch": (only_accepts, "status", "--watch"),
    "history": (only_accepts, "history"),
    "cancel": (only_accepts, "cancel", "d", "--reason", "r"),
    "force": (only_accepts, "force", "d", "--reason", "r"),
    "complete": (only_accepts, "complete", "d"),
    "gate": (only_accepts, "gate", "--", "true"),
}


@pytest.mark.longest(150)
def test_a_wait_for_the_broker_ends_with_what_was_waited_for(against):
    programs = {name: against(*attack) for name, attack in WAITS.items()}
    for name, program in programs.items():
        if name == "a handshake of a component":
            # It is tried again without limit.
            program.error_line("no answer to CONNECT within 5 s", 25)
            continue
        # An announcement without a response is made again for 30 s: it may have counted.
        code, _, errors = program.end(90 if name == "gate" else 25)
        assert code == UNREACHABLE, (name, errors)
        assert re.search(r"within 10 s|does not read", errors[-1]), (name, errors)


def test_a_gate_gives_up_a_broker_that_sends_half_an_event(against):
    gate = against(half_an_event, "gate", "--", "true")
    gate.error_line("half a frame, and no more within 10 s", 25)


# What is shown


SHOWN = {
    "an error": (refuses("ServiceError"), "status"),
    "an error to a gate": (refuses("ServiceError"), "gate", "--", "true"),
    "an error to an operator": (refuses("ConflictError"), "force", "d", "--reason", "r"),
    "an error to a component": (refuses("UnauthorizedError"), "listen", *HOOK),
    "an error to a hold": (refuses("UnauthorizedError"), "hold", *WHILE),
    "a complaint": (complains, "status"),
    "a complaint in the handshake": (complains_at_once, "status"),
    "a status": (answers(status(text=TEXT)), "status"),
    "a status in JSON": (answers(status(text=TEXT)), "status", "--json"),
    "a history": (answers(history(text=TEXT)), "history"),
    "a history in JSON": (answers(history(text=TEXT)), "history", "--json"),
    "a release": (sends(gate_response(), lambda: [released(text=TEXT)]), "gate"),
    "a release in JSON": (sends(gate_response(), lambda: [released(text=TEXT)]), "gate", "--json"),
    "a refusal": (sends(gate_response(), lambda: [withdrawn("refused")]), "gate"),
    "a withdrawal": (sends(gate_response(), lambda: [withdrawn("cancelled")]), "gate"),
    "progress": (
        sends(gate_response(), lambda: [{"progress": update(text=TEXT)}, released()]),
        "gate",
    ),
}


@pytest.mark.parametrize("attack", SHOWN.values(), ids=SHOWN)
def test_no_text_of_the_broker_is_obeyed_by_a_terminal(against, attack):
    code, output, errors = against(*attack).end()
    shown = "\n".join(output + errors)
    assert "gnp" in shown
    assert not set(OBEYED) & set(shown), shown
    assert not any(line.startswith(" reprieve: forged") for line in output + errors), shown
    assert code >= 0


def test_neither_is_a_path_or_an_argument(processes):
    class Nowhere:
        control_socket = "/tmp/" + TEXT

    for arguments in [["status"], ["status", "--" + TEXT], ["cancel", "d", "--reason"]]:
        _, output, errors = processes.reprieve(Nowhere, *arguments).end()
        assert not set(OBEYED) & set("".join(output + errors)), errors


# Numbers


NUMBERS = [LARGEST, SMALLEST, -1, 0]


@pytest.mark.parametrize("number", NUMBERS)
def test_no_number_of_the_broker_ends_a_command_by_a_trap(against, number):
    progress = {"progress": update(number)}
    answer = {"grantedMs": number, "remainingMs": number}
    programs = [
        against(answers(status(number)), "status"),
        against(answers(status(number)), "status", "--json"),
        against(answers(history(number)), "history"),
        against(answers(history(number)), "history", "--json"),
        against(sends(gate_response(), lambda: [progress, released(number)]), "gate"),
        against(sends({}, lambda: [notice("d", number)], answer), "hold", *SHORTLY),
    ]
    for program in programs:
        code, _, errors = program.end()
        assert code in (0, UNREACHABLE), errors
    watch = against(sends({}, lambda: [{"status": status(number)}]), "status", "--watch", "--json")
    watch.line("updates")
    hook = ["--exec", "/bin/echo", "--", "asked"]
    listen = against(sends({}, lambda: [notice("d", number)], answer), "listen", *hook)
    listen.line("asked")
    assert ends_at(watch, signal.SIGTERM)[0] == -signal.SIGTERM
    assert ends_at(listen, signal.SIGTERM)[0] == 0


# Floods


PROGRESS = [{"progress": update(age)} for age in range(1_000)]
LARGE = [{"progress": update(age, "a" * 60, 1_000)} for age in range(20)]
# Each in another round.
SAME = [notice("d", number) for number in range(10_000)]
DIFFERENT = [notice(f"d{number}") for number in range(200_000)]
STATUS = [{"status": status(age, participants=100)} for age in range(100)]
LATER = f"{time.localtime().tm_year + 5}-01-01 02:00..05:00"
GRANT = {"grantedMs": 60_000, "remainingMs": 1}
FLOODS = {
    "pings": (pings, "gate", "--", "true"),
    "progress": (floods(gate_response(), PROGRESS), "gate", "--", "true"),
    "large progress": (floods(gate_response(), LARGE), "gate", "--", "true"),
    "notices to a listener": (floods({}, DIFFERENT, {}), "listen", *HOOK),
    "notices of one update to a listener": (floods({}, SAME, {}), "listen", *HOOK),
    "notices to a hold": (floods({}, DIFFERENT, GRANT), "hold", *WHILE),
    "notices of one update to a hold": (floods({}, SAME, GRANT), "hold", *WHILE),
    "notices to a hold, whose answers stay unread": (floods({}, DIFFERENT), "hold", *WHILE),
    "notices to a window that comes once, years ahead": (floods({}, DIFFERENT), "window", LATER),
    "status to alerts": (floods({}, STATUS), "alert", "--on-override", "/bin/true"),
}


@pytest.mark.parametrize("attack", FLOODS.values(), ids=FLOODS)
def test_a_flood_takes_bounded_memory_and_a_signal_ends_it(against, attack):
    program = against(*attack)
    most = watch_memory(program, 3)
    _, seconds = ends_at(program, signal.SIGTERM)
    print(f"{most} MB, {seconds:.2f} s")
    assert most < MOST_MEMORY
    # A hold gives its last answers a second, and its farewell another; the rest is the machine's.
    assert seconds < 4


def test_a_watch_whose_reader_is_slow_takes_bounded_memory(against):
    script = floods({}, [{"status": status(age, participants=100)} for age in range(100)])
    unread, output = os.pipe()
    watch = against(script, "status", "--watch", "--json", stdout=output)
    os.close(output)
    assert watch_memory(watch, 3) < MOST_MEMORY
    assert ends_at(watch, signal.SIGTERM)[1] < 1
    os.close(unread)


ITEMS = {"objects": b'{"":0}', "arrays": b"[0]", "texts": b'""'}


@pytest.mark.parametrize("item", ITEMS.values(), ids=ITEMS)
def test_a_large_document_takes_bounded_memory(against, item):
    items = b",".join([item] * (15 * 1_024 * 1_024 // (len(item) + 1)))
    nested = b'{"updates":[],"components":[],"x":[' + items + b"]}"
    program = against(answers(nested), "status")
    most = watch_memory(program, 20)
    program.end()
    assert most < 256


# Signals


SIGNALS = {
    "a gate": (only_accepts, "gate", "--", "true"),
    "a gate that waits": (
        sends(gate_response(), lambda: [{"progress": update()}]),
        "gate",
        "--",
        "true",
    ),
    "a listener": (only_accepts, "listen", *HOOK),
    "a hold": (only_accepts, "hold", *WHILE),
    "a hold that defers": (sends({}, lambda: [notice()]), "hold", *WHILE),
}


@pytest.mark.parametrize("attack", SIGNALS.values(), ids=SIGNALS)
def test_a_signal_ends_a_command_though_the_broker_is_silent(against, attack):
    program = against(*attack)
    # It is given 0.9 s to take the connection, and as much to answer.
    assert ends_at(program, signal.SIGTERM)[1] < 3
