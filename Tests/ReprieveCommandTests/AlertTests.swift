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

extension OverrideNews {
    fileprivate var names: [String] {
        overrides.map { "\($0.decision.deploymentID) \($0.participant.component)" }
    }
}

extension OverrideRecord {
    /// While these updates are under way.
    fileprivate mutating func news(
        in decisions: [DecisionShape],
        underway ids: String...
    ) -> OverrideNews {
        let updates = ids.map { id in
            var released = update(id, age: 0, deadline: 0)
            released.state = .released
            return released
        }
        let status = StatusShape(updates: updates, components: [])
        return news(in: HistoryShape(decisions: decisions), of: status)
    }
}

@Suite("The record of overrides") struct OverrideRecordTests {
    @Test func `has each new override once, also after the outcome`() {
        var record = OverrideRecord()
        let old = decision("old", at: 1, .overridden)
        #expect(record.news(in: [old]).names.isEmpty)
        var new = decision("new", at: 2, .overridden, .acknowledged, .overridden)
        let first = record.news(in: [new, old])
        #expect(first.names == ["new com.example.C0", "new com.example.C2"])
        new.outcome = .applied
        #expect(record.news(in: [new, old]).names.isEmpty)
    }

    @Test func `takes an id that is announced again for another update`() {
        var record = OverrideRecord()
        _ = record.news(in: [decision("d", at: 1, .overridden)])
        let again = record.news(in: [decision("d", at: 2, .overridden)])
        #expect(again.names == ["d com.example.C0"])
    }

    @Test func `has an update once that the history forgets until its outcome is known`() {
        var record = OverrideRecord()
        _ = record.news(in: [])
        let new = decision("new", at: 2, .overridden)
        #expect(record.news(in: [new], underway: "new").names == ["new com.example.C0"])
        #expect(record.news(in: [decision("other", at: 3)], underway: "new").hasGap)
        #expect(record.news(in: [new, decision("other", at: 3)]).names.isEmpty)
    }

    @Test func `says how many components have no room, once for each update`() {
        var record = OverrideRecord()
        _ = record.news(in: [])
        var new = decision("new", at: 2, .overridden, .overridden)
        new.omittedOverridden = 7
        let news = record.news(in: [new, decision("old", at: 1, .overridden)])
        #expect(news.shortened.map(\.deploymentID) == ["new"])
        #expect(news.overrides.last?.environment.last?.value == "7")
        #expect(record.news(in: [new]).shortened.isEmpty)
    }

    @Test func `has no gap while the history still has what it had before`() {
        var record = OverrideRecord()
        #expect(!record.news(in: []).hasGap)
        #expect(!record.news(in: [decision("a", at: 1)]).hasGap)
        #expect(!record.news(in: [decision("b", at: 2), decision("a", at: 1)]).hasGap)
        #expect(!record.news(in: [decision("b", at: 2)]).hasGap)
        #expect(record.news(in: [decision("c", at: 3)]).hasGap)
    }

    @Test func `has no update whose gate never opened`() {
        var record = OverrideRecord()
        _ = record.news(in: [])
        var refused = decision("d", at: 1, .overridden)
        refused.basis = nil
        #expect(record.news(in: [refused]).names.isEmpty)
    }
}

private func update(
    _ id: String,
    age: Int64,
    deadline: Int64,
    lastCall: Int64? = nil
) -> UpdateShape {
    var update = UpdateShape(
        deploymentID: id,
        state: .waiting,
        reason: nil,
        disruption: .reboot,
        ageMs: age,
        deadlineInMs: deadline,
        blockedBy: ["com.example.Camera"],
        participants: []
    )
    update.lastCallInMs = lastCall
    return update
}

@Suite("The schedule of last calls") struct LastCallScheduleTests {
    @Test func `waits for the nearest one and tells each once`() {
        var schedule = LastCallSchedule()
        let late = update("late", age: 0, deadline: 600_000, lastCall: 540_000)
        let soon = update("soon", age: 0, deadline: 200_000, lastCall: 140_000)
        var status = StatusShape(updates: [late, soon], components: [])
        #expect(schedule.delay(in: status) == 140_000)
        #expect(schedule.takeDue(in: status).isEmpty)
        status = status.aged(by: 140_000)
        #expect(schedule.takeDue(in: status).map(\.deploymentID) == ["soon"])
        #expect(schedule.takeDue(in: status).isEmpty)
        #expect(schedule.delay(in: status) == 400_000)
    }

    @Test func `tells a last call that was given before it was followed`() {
        var schedule = LastCallSchedule()
        let status = StatusShape(updates: [update("d", age: 9, deadline: 10)], components: [])
        #expect(schedule.delay(in: status) == 0)
        #expect(schedule.takeDue(in: status).count == 1)
    }

    @Test func `forgets an update that no longer waits`() {
        var schedule = LastCallSchedule()
        let status = StatusShape(updates: [update("d", age: 90_000, deadline: 0)], components: [])
        #expect(schedule.takeDue(in: status).count == 1)
        #expect(schedule.delay(in: status) == nil)
        #expect(schedule.delay(in: StatusShape(updates: [], components: [])) == nil)
        #expect(schedule.takeDue(in: status).count == 1)
    }

    @Test func `tells an id that is used again`() {
        var schedule = LastCallSchedule()
        let first = update("d", age: 5_000, deadline: 5_000)
        #expect(schedule.takeDue(in: StatusShape(updates: [first], components: [])).count == 1)
        let again = update("d", age: 100, deadline: 9_900, lastCall: 4_900)
        let status = StatusShape(updates: [again], components: [])
        #expect(schedule.delay(in: status) == 4_900)
        #expect(schedule.takeDue(in: status.aged(by: 4_900)).count == 1)
    }
}

@Suite("The message of the day") struct MOTDTests {
    /// In one line.
    private func motd(_ updates: [UpdateShape]) -> String {
        let text = motdText(StatusShape(updates: updates, components: []), now: 0) ?? ""
        return text.split(separator: "\n  ").joined(separator: " ")
    }

    @Test(arguments: ["x", "長", "\u{1B}[2J", "\n", "e\u{301}", "a "])
    func `has at most five lines of 80 columns, whatever others have said`(part: String) {
        let long = String(repeating: part, count: 300)
        var update = update(String(long.prefix(100)), age: 0, deadline: 3 * 86_400_000)
        update.reason = long
        update.blockedBy = [long, long, long, "update " + long]
        update.onDeadline = .refuse
        let all = [update] + (1...63).map { _ in update }
        let text = motdText(StatusShape(updates: all, components: []), now: 0) ?? ""
        let lines = text.split(separator: "\n")
        #expect(lines.count <= 5)
        #expect(lines.allSatisfy { $0.width <= 80 })
        #expect(!text.unicodeScalars.contains { $0 != "\n" && $0.value < 0x20 })
        #expect(text.hasSuffix("; 63 more updates wait."))
    }

    @Test func `is empty while no update waits`() {
        var underway = update("d", age: 0, deadline: 0)
        underway.state = .released
        #expect(motdText(StatusShape(updates: [], components: []), now: 0) == nil)
        #expect(motdText(StatusShape(updates: [underway], components: []), now: 0) == nil)
    }

    @Test func `has the update that goes ahead next`() {
        let updates = [
            update("late", age: 0, deadline: 90_000), update("soon", age: 0, deadline: 60_000),
        ]
        let line = motd(updates)
        #expect(line.hasPrefix("Update soon waits for com.example.Camera, and goes ahead at "))
        #expect(line.hasSuffix(" at the latest: it reboots the machine; 1 more update waits."))
    }

    @Test func `says that an update is refused rather than made`() {
        var update = update("d", age: 0, deadline: 60_000)
        update.onDeadline = .refuse
        let line = motd([update])
        #expect(line.contains(", and is refused at ") && line.contains(" if it still waits"))
    }
}
