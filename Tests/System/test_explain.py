# SPDX-License-Identifier: Apache-2.0
"""`reprieve explain`: why an update waits, and why it went ahead."""

from expect import CAMERA, HOUR, ROBOT, defer


def explain(processes, daemon, *arguments, code=0):
    found, lines, errors = processes.reprieve(daemon, "explain", *arguments).end()
    assert found == code, errors
    return "\n".join(lines if code == 0 else errors)


def test_a_waiting_update_is_explained_with_what_would_open_its_gate(start, processes):
    daemon = start()
    defer(daemon)
    for arguments in [(), ("d",)]:
        text = explain(processes, daemon, *arguments)
        assert f"It waits for {CAMERA} (recording), which deferred once, now until" in text
        assert "of its 12 h left" in text
        assert "It goes ahead at" in text
        assert f"It would go ahead now if {CAMERA} said yes." in text


def test_a_forced_update_is_explained_with_who_forced_it(start, processes):
    daemon = start()
    _, gate = defer(daemon)
    daemon.coordinator().force("d", "a hole is being used")
    gate.released()
    text = explain(processes, daemon, "d")
    assert ", by force." in text
    assert f"{CAMERA} deferred once, last for 1 h (recording)" in text
    assert "It was forced by " in text and "(uid " in text
    assert ": a hole is being used." in text
    assert "It is under way; its outcome is not known yet." in text
    daemon.coordinator().complete("d")
    assert ": applied." in explain(processes, daemon)


def test_a_capped_update_is_explained(start, processes):
    daemon = start("--max-total-defer", "200ms")
    _, gate = defer(daemon)
    gate.released()
    text = explain(processes, daemon, "d")
    assert "by cap" in text and "was overridden" in text and "forced by nobody" in text


def test_a_refused_update_is_explained(start, processes):
    daemon = start("--on-deadline", "refuse", "--deadline", "200ms")
    _, gate = defer(daemon)
    assert gate.end()[0] == "refused"
    text = explain(processes, daemon, "d")
    assert f": not agreed to by {CAMERA} at the deadline." in text
    assert "because of" not in text


def test_an_update_that_is_not_known_is_an_error(start, processes):
    daemon = start()
    assert "there is no update nope" in explain(processes, daemon, "nope", code=66)
    assert "the history is empty" in explain(processes, daemon)


def test_a_watched_update_is_explained_until_it_is_over(start, processes):
    daemon = start()
    camera, gate = defer(daemon)
    watching = processes.reprieve(daemon, "explain", "d", "--watch")
    watching.line("It waits for " + CAMERA)
    camera.defer("d", HOUR, message="uploading")
    watching.line("(uploading), which deferred 2 times")
    camera.acknowledge("d")
    gate.released()
    watching.line("by consent")
    daemon.coordinator().complete("d")
    code, lines, errors = watching.end()
    assert code == 0, errors
    assert lines[-1].endswith(": applied.")
    assert ROBOT not in "".join(lines)
