// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import reprieve_cli

private func decision(
    _ id: String,
    at time: Int64,
    _ states: ParticipantState...
) -> DecisionShape {
    var decision = DecisionShape(deploymentID: id)
    decision.announcedAtMs = time
    decision.basis = .capped
    decision.participants = states.enumerated().map { index, state in
        DecidedParticipantShape(component: "com.example.C\(index)", state: state)
    }
    return decision
}

private func names(_ overrides: [Override]) -> [String] {
    overrides.map { "\($0.decision.deploymentID) \($0.participant.component)" }
}

@Suite("The record of overrides") struct OverrideRecordTests {
    @Test func `has each new override once, also after the outcome`() {
        var record = OverrideRecord()
        let old = decision("old", at: 1, .overridden)
        #expect(record.news(in: HistoryShape(decisions: [old])).isEmpty)
        var new = decision("new", at: 2, .overridden, .acknowledged, .overridden)
        let first = record.news(in: HistoryShape(decisions: [new, old]))
        #expect(names(first) == ["new com.example.C0", "new com.example.C2"])
        new.outcome = .applied
        #expect(record.news(in: HistoryShape(decisions: [new, old])).isEmpty)
    }

    @Test func `takes an id that is announced again for another update`() {
        var record = OverrideRecord()
        _ = record.news(in: HistoryShape(decisions: [decision("d", at: 1, .overridden)]))
        let again = record.news(in: HistoryShape(decisions: [decision("d", at: 2, .overridden)]))
        #expect(names(again) == ["d com.example.C0"])
    }

    @Test func `has no update whose gate never opened`() {
        var record = OverrideRecord()
        _ = record.news(in: HistoryShape(decisions: []))
        var refused = decision("d", at: 1, .overridden)
        refused.basis = nil
        #expect(record.news(in: HistoryShape(decisions: [refused])).isEmpty)
    }
}

private func update(_ id: String, age: Int64, deadline: Int64) -> UpdateShape {
    UpdateShape(
        deploymentID: id,
        state: .waiting,
        reason: nil,
        disruption: .reboot,
        ageMs: age,
        deadlineInMs: deadline,
        blockedBy: ["com.example.Camera"],
        participants: []
    )
}

@Suite("The schedule of last calls") struct LastCallScheduleTests {
    @Test func `waits for the nearest one and tells each once`() {
        var schedule = LastCallSchedule()
        let late = update("late", age: 0, deadline: 600_000)
        var status = StatusShape(
            updates: [late, update("soon", age: 0, deadline: 200_000)],
            components: []
        )
        #expect(schedule.delay(in: status) == 140_000)
        #expect(schedule.takeDue(in: status).isEmpty)
        status = status.aged(by: 140_000)
        #expect(schedule.takeDue(in: status).map(\.deploymentID) == ["soon"])
        #expect(schedule.takeDue(in: status).isEmpty)
        #expect(schedule.delay(in: status) == 400_000)
    }

    @Test func `tells an update that is over soon after half of its time`() {
        var schedule = LastCallSchedule()
        let status = StatusShape(updates: [update("d", age: 0, deadline: 10_000)], components: [])
        #expect(schedule.delay(in: status) == 5_000)
    }

    @Test func `forgets an update that no longer waits`() {
        var schedule = LastCallSchedule()
        let status = StatusShape(updates: [update("d", age: 90_000, deadline: 0)], components: [])
        #expect(schedule.takeDue(in: status).count == 1)
        #expect(schedule.delay(in: status) == nil)
        #expect(schedule.delay(in: StatusShape(updates: [], components: [])) == nil)
        #expect(schedule.takeDue(in: status).count == 1)
    }
}

@Suite("The message of the day") struct MOTDTests {
    @Test func `is empty while no update waits`() {
        var underway = update("d", age: 0, deadline: 0)
        underway.state = .released
        #expect(motdLine(StatusShape(updates: [], components: []), now: 0) == nil)
        #expect(motdLine(StatusShape(updates: [underway], components: []), now: 0) == nil)
    }

    @Test func `has the update that goes ahead next`() {
        let updates = [
            update("late", age: 0, deadline: 90_000), update("soon", age: 0, deadline: 60_000),
        ]
        let line = motdLine(StatusShape(updates: updates, components: []), now: 0) ?? ""
        #expect(line.hasPrefix("Update soon waits for com.example.Camera, and goes ahead at "))
        #expect(line.hasSuffix(" at the latest: it reboots the machine; 1 more update waits."))
    }

    @Test func `says that an update is refused rather than made`() {
        var update = update("d", age: 0, deadline: 60_000)
        update.onDeadline = .refuse
        let line = motdLine(StatusShape(updates: [update], components: []), now: 0) ?? ""
        #expect(line.contains(", and is refused at ") && line.contains(" if it still waits"))
    }
}
