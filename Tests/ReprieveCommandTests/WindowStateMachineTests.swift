// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Synchronization
import Testing

@testable import reprieve_cli

@Suite("The answers of a window") struct WindowStateMachineTests {
    private static let window = "Sat,Sun 02:00..05:00"
    private static let begins =
        "outside of the window \"Sat,Sun 02:00..05:00\", which begins Sat 2026-11-28 02:00 CET"
    private let friday = berlin("2026-11-27 12:00", hours: 1) * 1_000
    private let saturday = berlin("2026-11-28 02:00", hours: 1) * 1_000
    private let sunday = berlin("2026-11-29 02:00", hours: 1) * 1_000
    private let hour: Int64 = 3_600_000

    private func machine(_ text: String = window) throws -> WindowStateMachine {
        let window = try CalendarWindow(text)
        return WindowStateMachine(WindowCalendar(windows: [window], zone: FixedZone.berlin.zone))
    }

    private func notice(_ id: String = "d", round: Int64 = 1, final: Bool = false) -> PreUpdateEvent
    {
        var notice = PreUpdateEvent(deploymentID: id, disruption: .components)
        (notice.round, notice.final) = (round, final)
        return notice
    }

    private func answers(_ actions: [WindowStateMachine.Action]) -> [WindowStateMachine.Action] {
        actions.filter { if case .answer = $0 { true } else { false } }
    }

    @Test func `defer to the next beginning, which they name`() throws {
        var machine = try machine()
        let actions = machine.handle(.noticed(notice()), at: friday)
        #expect(
            actions == [
                .note(Self.begins),
                .answer(notice(), .defer(milliseconds: 14 * hour, message: Self.begins)),
            ]
        )
        #expect(machine.nextChange == saturday / 1_000)
    }

    @Test func `acknowledge as soon as the window begins`() throws {
        var machine = try machine()
        _ = machine.handle(.noticed(notice()), at: friday)
        #expect(answers(machine.handle(.timePassed, at: saturday - 1)) == [])
        let actions = machine.handle(.timePassed, at: saturday)
        #expect(answers(actions) == [.answer(notice(), .acknowledge())])
    }

    @Test func `follow the zone of the device when that is set`() throws {
        let offset = Mutex<Int64>(3_600)
        let zone = TimeZone { _ in
            let offset = offset.withLock { $0 }
            return TimeZone.Shift(offset: offset, abbreviation: "\(offset)")
        }
        let window = try CalendarWindow(Self.window)
        var machine = WindowStateMachine(WindowCalendar(windows: [window], zone: zone))
        let acknowledged = machine.handle(.noticed(notice()), at: saturday)
        #expect(answers(acknowledged) == [.answer(notice(), .acknowledge())])
        offset.withLock { $0 = 9 * 3_600 }
        let late = machine.handle(.noticed(notice("e")), at: saturday)
        let deferrals = answers(late).filter {
            if case .answer(_, .defer) = $0 { true } else { false }
        }
        #expect(deferrals.count == 2)
    }

    @Test func `defer what was acknowledged when the window ends, also finally`() throws {
        var machine = try machine()
        _ = machine.handle(.noticed(notice("a")), at: saturday)
        _ = machine.handle(.noticed(notice("b", round: 2, final: true)), at: saturday)
        #expect(machine.nextChange == (saturday + 3 * hour) / 1_000)
        let next = Self.begins.replacing("Sat 2026-11-28", with: "Sun 2026-11-29")
        let deferral = NoticeAnswer.defer(milliseconds: 21 * hour, message: next)
        #expect(
            answers(machine.handle(.timePassed, at: saturday + 3 * hour)) == [
                .answer(notice("a"), deferral),
                .answer(notice("b", round: 2, final: true), deferral),
            ]
        )
    }

    @Test func `are given anew in each round of a capped deferral, and in the final asking`() throws
    {
        var machine = try machine()
        _ = machine.handle(.noticed(notice()), at: friday)
        let second = machine.handle(.noticed(notice(round: 2)), at: friday + hour)
        let deferral = NoticeAnswer.defer(milliseconds: 13 * hour, message: Self.begins)
        #expect(second == [.answer(notice(round: 2), deferral)])
        let final = notice(round: 3, final: true)
        let third = machine.handle(.noticed(final), at: saturday + hour)
        #expect(answers(third) == [.answer(final, .acknowledge())])
        // The update is answered once more at the end, for its newest notice only.
        #expect(answers(machine.handle(.timePassed, at: saturday + 3 * hour)).count == 1)
    }

    @Test func `follow a clock that jumps, forwards and backwards`() throws {
        var machine = try machine()
        _ = machine.handle(.noticed(notice()), at: friday)
        let forward = machine.handle(.timePassed, at: saturday + hour)
        #expect(answers(forward) == [.answer(notice(), .acknowledge())])
        let back = answers(machine.handle(.timePassed, at: friday))
        let deferral = NoticeAnswer.defer(milliseconds: 14 * hour, message: Self.begins)
        #expect(back == [.answer(notice(), deferral)])
        let over = answers(machine.handle(.timePassed, at: saturday + 3 * hour))
        #expect(over.count == 1)
        #expect(machine.nextChange == sunday / 1_000)
    }

    @Test func `wait for a clock that is not set`() throws {
        var machine = try machine()
        let text = "the clock is not set: it shows Thu 1970-01-01 01:00 CET"
        #expect(
            machine.handle(.noticed(notice()), at: 5_000) == [
                .note(text), .answer(notice(), .defer(milliseconds: hour, message: text)),
            ]
        )
        #expect(machine.nextChange == WindowCalendar.clockEpoch)
        let set = machine.handle(.timePassed, at: saturday)
        #expect(answers(set) == [.answer(notice(), .acknowledge())])
    }

    @Test func `defer hour by hour when no window comes any more`() throws {
        var machine = try machine("2026-11-28 02:00..05:00")
        _ = machine.handle(.noticed(notice()), at: saturday)
        let text = "no window comes any more"
        #expect(
            machine.handle(.timePassed, at: saturday + 3 * hour) == [
                .note(text), .answer(notice(), .defer(milliseconds: hour, message: text)),
            ]
        )
        #expect(machine.nextChange == nil)
    }

    @Test func `are repeated on a new connection, and forgotten with the update`() throws {
        var machine = try machine()
        _ = machine.handle(.noticed(notice("a")), at: saturday)
        _ = machine.handle(.noticed(notice("b")), at: saturday)
        _ = machine.handle(.noticed(notice("c")), at: saturday)
        _ = machine.handle(.ended(deploymentID: "a"), at: saturday)
        _ = machine.handle(.refused(notice("c")), at: saturday)
        let again = machine.handle(.subscribed, at: saturday)
        #expect(again == [.answer(notice("b"), .acknowledge())])
    }

    @Test func `have a limit of updates`() throws {
        var machine = try machine()
        for number in 0..<Limits.updatesOfComponent {
            _ = machine.handle(.noticed(notice("\(number)")), at: saturday)
        }
        #expect(machine.handle(.noticed(notice("more")), at: saturday) == [.hangUp])
    }
}
