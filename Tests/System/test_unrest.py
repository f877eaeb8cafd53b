# SPDX-License-Identifier: Apache-2.0
"""A component that takes its word back in each final asking, beside one that acts on it."""

import time

ARM = "com.example.Arm"
TILL = "com.example.Till"
LONGEST_ATTACK = 6


def play(arm, till):
    """Returns how often the arm was asked finally. The till acknowledges, and defers again before
    the arm can give its final word, until it is granted nothing."""
    arm.acknowledge("d", round=arm.notice()["round"])
    till.notice()
    till.acknowledge("d")
    finals = 0
    end = time.monotonic() + LONGEST_ATTACK
    while True:
        notice = arm.notice(timeout=10)
        if not notice.get("final"):
            arm.acknowledge("d", round=notice["round"])
            continue
        finals += 1
        if time.monotonic() > end:
            break
        granted = till.defer("d", 100)
        work = arm.notice()
        if "final" in work or granted["remainingMs"] == 0:
            # The till is at the end of its budget: the arm is asked once more.
            arm.acknowledge("d", round=work["round"])
            notice = arm.notice(timeout=10)
            finals += 1
            break
        arm.acknowledge("d", round=work["round"])
        if granted["grantedMs"] > 100:
            till.notice(timeout=10)
        till.acknowledge("d")
    arm.acknowledge("d", round=notice["round"])
    return finals


def test_an_arm_is_parked_a_few_times_however_often_a_till_changes_its_mind(daemon, coordinator):
    arm = daemon.component(ARM, confirm=True)
    till = daemon.component(TILL)
    policy = {"responseTimeoutMs": 1000, "maxTotalDeferMs": 6000}
    gate = coordinator.gate("d", policy=policy)
    finals = play(arm, till)
    released = gate.released()
    blocked = {
        one["component"]: one["blockedMs"]
        for decision in coordinator.connection.call("reprieve#GetHistory")["decisions"]
        for one in decision["participants"]
    }
    print(f"{finals} finals, blocked {blocked}, released on {released['basis']}")
    assert finals <= 8
    assert released["silent"] == []
    assert blocked[ARM] < 500 < blocked[TILL]
