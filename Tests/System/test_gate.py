# SPDX-License-Identifier: Apache-2.0
"""A gate: what it waits for, when it opens, and which components are told."""

import threading
import time

from expect import CAMERA, HOUR, ROBOT, refused


def test_without_components_the_gate_opens_at_once(coordinator):
    gate = coordinator.gate("d")
    assert gate.response == {
        "deploymentId": "d",
        "participants": [],
        "attached": False,
        "unmatched": [],
    }
    released = gate.released()
    assert (released["basis"], released["participants"]) == ("consent", [])


def test_a_component_is_told_asked_and_told_the_outcome(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d", reason="nucleus 2.13.0", isGgcRestarting=True)
    assert gate.response["participants"] == [CAMERA]
    notice = camera.notice()
    assert 59_000 < notice.pop("respondByMs") <= 60_000
    assert 86_000_000 < notice.pop("deadlineInMs") <= 86_400_000
    assert notice == {
        "deploymentId": "d",
        "isGgcRestarting": True,
        "disruption": "nucleus",
        "reason": "nucleus 2.13.0",
        "round": 1,
        "maxDeferMs": HOUR,
    }
    answer = camera.acknowledge("d", message="ready")
    assert answer["grantedMs"] == 0
    assert 43_000_000 < answer["remainingMs"] <= 43_200_000
    released = gate.released()
    assert released.pop("waitedMs") < 10_000
    assert released == {
        "deploymentId": "d",
        "basis": "consent",
        "participants": [CAMERA],
        "silent": [],
        "overridden": [],
    }
    assert coordinator.complete("d", "applied", message="2.13.0 runs") == {}
    assert camera.post() == {
        "deploymentId": "d",
        "outcome": "applied",
        "message": "2.13.0 runs",
    }
    assert coordinator.status()["updates"] == []


def test_the_gate_opens_in_the_turn_of_the_last_answer(daemon, coordinator):
    """A poll would show: every second in the Java nucleus, so 50 ms is far from one."""
    camera = daemon.component()
    waits = []
    for number in range(10):
        gate = coordinator.gate(f"d{number}")
        camera.notice()
        gate.shows(CAMERA, "asked")
        before = time.monotonic()
        camera.acknowledge(f"d{number}")
        gate.released()
        waits.append(time.monotonic() - before)
        coordinator.complete(f"d{number}")
        camera.post()
    # The median: this machine may have other things to do, too.
    assert sorted(waits)[5] < 0.05, waits


def test_the_daemon_does_not_wake_up_during_a_wait(start):
    """Between two events there is no poll: the kernel counts how often the daemon woke."""
    # The bus of a test would be in /tmp, where every new file of another program wakes it up.
    daemon = start("--delay-shutdown", "no")
    camera = daemon.component()
    gate = daemon.coordinator().gate("d")
    camera.notice()
    camera.defer("d", HOUR)
    gate.shows(CAMERA, "deferred")
    # What the service manager is told changes at most once a second.
    assert gate.connection.is_quiet(1.2)
    before = daemon.statistics()["voluntary_ctxt_switches"]
    assert gate.connection.is_quiet(1.5)
    assert daemon.statistics()["voluntary_ctxt_switches"] == before


def test_an_hour_of_deferral_that_is_lifted_opens_the_gate_at_once(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    answer = camera.defer("d", HOUR, message="recording")
    assert answer["grantedMs"] == HOUR
    assert 39_000_000 < answer["remainingMs"] <= 39_600_000
    shown = gate.shows(CAMERA, "deferred")
    assert (shown["message"], shown["deferrals"]) == ("recording", 1)
    assert 3_590_000 < shown["untilMs"] <= HOUR
    before = time.monotonic()
    camera.acknowledge("d")
    gate.released()
    assert time.monotonic() - before < 1


def test_a_deferral_ends_in_the_next_round(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    assert camera.notice()["round"] == 1
    before = time.monotonic()
    assert camera.defer("d", 300)["grantedMs"] == 300
    assert camera.notice()["round"] == 2
    assert 0.3 <= time.monotonic() - before < 2
    camera.acknowledge("d")
    assert gate.released()["waitedMs"] >= 300


def test_a_new_deferral_replaces_the_old_one(daemon, coordinator):
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    camera.defer("d", HOUR)
    before = time.monotonic()
    camera.defer("d", 100)
    camera.notice()
    assert time.monotonic() - before < 2


def test_a_component_that_does_not_answer_in_time_is_silent(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 300})
    assert camera.notice()["respondByMs"] <= 300
    released = gate.released()
    assert released["basis"] == "silence"
    assert released["silent"] == [CAMERA]
    assert 300 <= released["waitedMs"] < 2_000
    coordinator.complete("d", "failed")
    assert camera.post()["outcome"] == "failed"


def test_silence_refuses_the_update_where_it_is_told_to(daemon, coordinator):
    camera = daemon.component()
    policy = {"responseTimeoutMs": 200, "onSilence": "refuse"}
    gate = coordinator.gate("d", policy=policy)
    camera.notice()
    kind, refused = gate.end()
    assert (kind, refused["by"]) == ("refused", CAMERA)
    assert CAMERA in refused["reason"]
    assert camera.post()["outcome"] == "cancelled"


def test_at_the_deadline_the_gate_opens_regardless(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"deadlineMs": 600, "responseTimeoutMs": 200})
    camera.notice()
    assert camera.defer("d", HOUR)["grantedMs"] <= 600
    last_call = camera.notice()
    assert (last_call["lastCall"], last_call["final"]) == (True, True)
    assert last_call["deadlineInMs"] <= 200
    released = gate.released()
    assert (released["basis"], released["overridden"]) == ("deadline", [CAMERA])
    assert 600 <= released["waitedMs"] < 2_000


def test_a_deadline_of_0_tells_the_components_and_does_not_wait(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"deadlineMs": 0})
    released = gate.released()
    assert (released["basis"], released["silent"]) == ("deadline", [CAMERA])
    assert camera.notice()["deadlineInMs"] == 0
    coordinator.complete("d")
    assert camera.post()["outcome"] == "applied"


def test_a_response_time_of_0_tells_the_components_and_does_not_ask(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"responseTimeoutMs": 0})
    assert gate.released()["basis"] == "silence"
    assert camera.notice()["respondByMs"] == 0


def test_one_that_skips_the_notices_tells_nobody(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d", policy={"action": "SKIP_NOTIFY_COMPONENTS"})
    assert gate.released()["basis"] == "skipped"
    coordinator.complete("d")
    assert camera.connection.is_quiet(0.2)


def test_a_budget_that_is_spent_cannot_be_spent_again(daemon, coordinator):
    camera = daemon.component()
    policy = {"maxTotalDeferMs": 400, "responseTimeoutMs": 100}
    gate = coordinator.gate("d", policy=policy)
    camera.notice()
    assert camera.defer("d", HOUR)["grantedMs"] <= 400
    released = gate.released()
    assert (released["basis"], released["overridden"]) == ("capped", [CAMERA])
    refused(lambda: camera.defer("d", 1000), "ServiceError")


def test_an_answer_is_granted_at_most_what_the_policy_allows(daemon, coordinator):
    camera = daemon.component()
    coordinator.gate("d", policy={"maxDeferMs": 5_000})
    assert camera.notice()["maxDeferMs"] == 5_000
    assert camera.defer("d", HOUR)["grantedMs"] == 5_000
    assert camera.defer("d", 1)["grantedMs"] == 100


def test_only_the_components_that_are_named_are_asked(daemon, coordinator):
    camera, robot = daemon.component(CAMERA), daemon.component(ROBOT)
    gate = coordinator.gate("d", components=[ROBOT, "com.example.Nobody"])
    assert gate.response["participants"] == [ROBOT]
    assert gate.response["unmatched"] == ["com.example.Nobody"]
    assert robot.notice()["components"] == [ROBOT, "com.example.Nobody"]
    robot.acknowledge("d")
    gate.released()
    coordinator.complete("d")
    robot.post()
    assert camera.connection.is_quiet(0.2)


def test_the_gate_waits_for_a_component_that_is_required(daemon, coordinator):
    gate = coordinator.gate("d", policy={"require": [CAMERA]})
    gate.shows(CAMERA, "absent")
    camera = daemon.component()
    camera.notice()
    camera.acknowledge("d")
    assert gate.released()["basis"] == "consent"


def test_a_component_that_subscribes_during_the_wait_is_asked_at_once(daemon, coordinator):
    camera = daemon.component(CAMERA)
    gate = coordinator.gate("d")
    camera.notice()
    robot = daemon.component(ROBOT)
    robot.notice()
    camera.acknowledge("d")
    gate.shows(CAMERA, "acknowledged")
    robot.acknowledge("d")
    assert gate.released()["participants"] == [CAMERA, ROBOT]


def test_several_updates_wait_apart_from_each_other(daemon, coordinator):
    camera, robot = daemon.component(CAMERA), daemon.component(ROBOT)
    one = coordinator.gate("one")
    other = coordinator.gate("other", components=[ROBOT])
    assert camera.notice()["deploymentId"] == "one"
    assert {robot.notice()["deploymentId"], robot.notice()["deploymentId"]} == {"one", "other"}
    camera.defer("one", HOUR)
    robot.acknowledge("other")
    assert other.released()["participants"] == [ROBOT]
    coordinator.complete("other", "rolledBack")
    post = robot.post()
    assert (post["deploymentId"], post["outcome"]) == ("other", "rolledBack")
    assert [update["deploymentId"] for update in coordinator.status()["updates"]] == ["one"]
    robot.acknowledge("one")
    camera.acknowledge("one")
    assert one.released()["participants"] == [CAMERA, ROBOT]


def test_both_connections_of_a_component_hear_everything(daemon, coordinator):
    one, other = daemon.component(), daemon.component()
    gate = coordinator.gate("d")
    assert gate.response["participants"] == [CAMERA]
    one.notice()
    other.notice()
    one.acknowledge("d")
    gate.released()
    coordinator.complete("d")
    assert one.post() == other.post()


def test_a_component_that_confirms_is_asked_finally(daemon, coordinator):
    camera = daemon.component(CAMERA, confirm=True)
    robot = daemon.component(ROBOT)
    gate = coordinator.gate("d")
    assert "final" not in camera.notice()
    robot.notice()
    robot.defer("d", 60_000)
    camera.acknowledge("d", round=1)
    assert camera.connection.is_quiet(0.2)
    robot.acknowledge("d")
    final = camera.notice()
    assert (final["final"], final["round"]) == (True, 2)
    camera.acknowledge("d", round=2)
    assert gate.released()["basis"] == "consent"


def test_a_component_that_left_hears_the_outcome_when_it_is_back(daemon, coordinator):
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.acknowledge("d")
    gate.released()
    camera.connection.close()
    coordinator.complete("d", "applied")
    assert daemon.component().post()["outcome"] == "applied"
    # Once.
    assert daemon.component("com.example.Camera").connection.is_quiet(0.2)


def test_the_status_names_the_blocking_components_and_why(daemon, coordinator):
    camera = daemon.component()
    coordinator.gate("d", reason="a patch")
    camera.notice()
    camera.defer("d", 60_000, message="recording")
    status = coordinator.status()
    (update,) = status["updates"]
    assert update["deploymentId"] == "d"
    assert (update["state"], update["reason"]) == ("waiting", "a patch")
    assert update["isGgcRestarting"] is False
    assert update["blockedBy"] == [CAMERA]
    (participant,) = update["participants"]
    assert (participant["component"], participant["state"]) == (CAMERA, "deferred")
    assert (participant["message"], participant["deferrals"]) == ("recording", 1)
    assert 0 < participant["untilMs"] <= 60_000
    assert {"sinceMs", "blockedMs", "remainingMs"} < participant.keys()
    (component,) = status["components"]
    assert (component["component"], component["connections"]) == (CAMERA, 1)
    assert len(component["pids"]) == 1


def test_a_watcher_of_the_status_is_sent_each_change(daemon, coordinator):
    watcher = daemon.coordinator().connection
    stream, _ = watcher.subscribe_to("reprieve#WatchStatus")

    def states():
        status = watcher.event(stream, "reprieve#StatusEvents").json["status"]
        return [p["state"] for update in status["updates"] for p in update["participants"]]

    assert states() == []
    camera = daemon.component()
    coordinator.gate("d")
    camera.notice()
    while states() != ["asked"]:
        pass
    camera.defer("d", 60_000)
    while states() != ["deferred"]:
        pass


def test_a_coordinator_may_watch_the_status_over_its_own_connection(daemon, coordinator):
    stream, _ = coordinator.connection.subscribe_to("reprieve#WatchStatus")
    camera = daemon.component()
    gate = coordinator.gate("d")
    camera.notice()
    camera.acknowledge("d")
    gate.released()
    seen = []
    while "released" not in seen:
        status = coordinator.connection.event(stream, "reprieve#StatusEvents").json["status"]
        seen += [update["state"] for update in status["updates"]]
    assert "waiting" in seen


def test_the_response_comes_before_any_event(daemon, coordinator):
    """An event before it would make the SDKs fail the call, so it is tried many times."""
    stop = threading.Event()

    def announce():
        number = 0
        while not stop.is_set():
            number += 1
            coordinator.gate(f"d{number}", policy={"deadlineMs": 0}).released()
            coordinator.complete(f"d{number}")

    announcing = threading.Thread(target=announce)
    announcing.start()
    try:
        for number in range(200):
            connection = daemon.connection().connect(f"com.example.C{number % 10}")
            first = connection.next_on(connection.request("SubscribeToComponentUpdates"))
            model = first.headers["service-model-type"]
            assert model == "aws.greengrass#SubscribeToComponentUpdatesResponse"
            connection.close()
    finally:
        stop.set()
        announcing.join(10)
