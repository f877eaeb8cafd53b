// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import Reprieve

extension Desk.Event {
    /// The subscription stands, and nothing goes ahead.
    fileprivate static let welcomed = Desk.Event.subscribed(underway: [])
}

/// The decisions alone: what takes a broker that misbehaves, or much time.
@Suite struct `The desk` {
    private var desk = Desk()
    private var now = Desk.Moment.now

    private mutating func handle(_ events: Desk.Event...) -> [Desk.Action] {
        events.flatMap { desk.handle($0, at: now) }
    }

    /// Turns the clock to the next deadline, and says how long that took.
    private mutating func wait() throws -> (Duration, [Desk.Action]) {
        let next = try #require(desk.nextDeadline)
        defer { now = next }
        return (next - now, desk.handle(.timePassed, at: next))
    }

    private func notice(_ round: Int64?, final: Bool = false) -> Desk.Event {
        var event = PreUpdateEvent(deploymentID: "d", isGgcRestarting: false)
        event.round = round
        event.final = final
        if round != nil { event.respondByMs = 60_000 }
        return .noticed(event)
    }

    private func answers(_ actions: [Desk.Action]) -> [Int64] {
        actions.compactMap { action in
            if case .say(_, let request) = action { request.recheckAfterMs } else { nil }
        }
    }

    private func ticket(_ actions: [Desk.Action]) throws -> Desk.Ticket {
        for case .ask(let ticket, _) in actions { return ticket }
        throw Missing()
    }

    private func question(_ actions: [Desk.Action]) throws -> Desk.Question {
        for case .say(let question, _) in actions { return question }
        throw Missing()
    }

    private struct Missing: Error {}

    private func taken(_ granted: Int64) -> Reply {
        .taken(DeferResponse(grantedMs: granted, remainingMs: 100_000))
    }

    @Test mutating func `gives up a broker that does not confirm the subscription`() throws {
        #expect(handle(.connected).isEmpty)
        #expect(try wait() == (.seconds(10), [.hangUp]))
    }

    @Test mutating func `gives up a broker that does not reply, and the scope begins`() throws {
        let hold = Desk.Hold(number: 1)
        _ = handle(.connected, .welcomed, notice(1), .answererCame)
        _ = handle(.held(hold, why: "writing", .throw))
        let asked = handle(.reconsidered, .hungUp, .connected, .welcomed)
        #expect(answers(asked) == [30_000])
        let other = Desk.Hold(number: 2)
        #expect(answers(handle(.held(other, why: "reading", .throw))) == [30_000])
        #expect(try wait() == (.seconds(10), [.hangUp]))
        #expect(handle(.hungUp).contains(.begin(other)))
    }

    @Test mutating func `keeps what a slow closure has done for plain Greengrass's next notice`()
        throws
    {
        let asked = handle(.connected, .welcomed, .answererCame, notice(nil))
        let (time, covered) = try wait()
        #expect(time == .seconds(15))
        #expect(answers(covered) == [30_000])
        #expect(handle(.decided(try ticket(asked), .ready)).isEmpty)
        let next = handle(notice(nil))
        #expect(answers(next) == [0])
        #expect(next.count == 1)
    }

    @Test mutating func `takes an update for over that it has not heard of for 25 hours`() throws {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1, final: true))
        let ready = handle(.decided(try ticket(asked), .ready))
        #expect(answers(ready) == [0])
        _ = handle(.replied(try question(ready), taken(0)))
        let (time, actions) = try wait()
        #expect(time == .seconds(25 * 3_600))
        #expect(actions == [.follow(try ticket(asked), .unknown)])
        _ = handle(.followed(try ticket(asked)))
        #expect(desk.nextDeadline == nil)
    }

    @Test mutating func `is not misled by a reply that comes after a later answer`() throws {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1))
        let (time, covered) = try wait()
        #expect(time == .seconds(45))
        #expect(answers(covered) == [30_000])
        let ready = handle(.decided(try ticket(asked), .ready))
        #expect(answers(ready) == [0])
        let late = handle(.replied(try question(covered), taken(30_000)))
        #expect(late.isEmpty)
    }

    @Test mutating func `publishes what a broker says twice once, until it is announced again`() {
        let post = Desk.Event.ended(PostUpdateEvent(deploymentID: "d", outcome: .applied))
        #expect(handle(.connected, .welcomed, post).count == 1)
        #expect(handle(post).isEmpty)
        _ = handle(notice(1))
        #expect(handle(post).count == 1)
    }

    @Test mutating func `says nothing when an inner scope ends`() {
        let (outer, inner) = (Desk.Hold(number: 1), Desk.Hold(number: 2))
        _ = handle(.connected, .welcomed, .held(outer, why: "outer", .throw), notice(1))
        #expect(answers(handle(.held(inner, why: "inner", .throw))) == [30_000])
        #expect(handle(.letGo(inner)).isEmpty)
        #expect(answers(handle(.letGo(outer))) == [0])
    }

    @Test mutating func `asks nobody about an update that is underway, until its next notice`()
        throws
    {
        let hold = Desk.Hold(number: 1)
        let asked = handle(.connected, .welcomed, .answererCame, notice(1, final: true))
        _ = handle(.decided(try ticket(asked), .could))
        let held = handle(.held(hold, why: "writing", .throw))
        let refused = handle(.replied(try question(held), .refused("too late")))
        #expect(refused == [.refuse(hold, deploymentID: "d")])
        #expect(handle(.reconsidered, .answererCame).isEmpty)
        #expect(throws: Never.self) { try ticket(handle(notice(2))) }
    }

    @Test mutating func `begins no scope when the last word before a hang-up was final`() throws {
        let hold = Desk.Hold(number: 1)
        let asked = handle(.connected, .welcomed, .answererCame, notice(1, final: true))
        _ = handle(.decided(try ticket(asked), .could))
        #expect(answers(handle(.held(hold, why: "writing", .throw))) == [30_000])
        #expect(handle(.hungUp) == [.refuse(hold, deploymentID: "d")])
    }

    @Test mutating func `asks again when the final notice came while the closure was asked`()
        throws
    {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1))
        #expect(handle(notice(2, final: true)).isEmpty)
        let again = handle(.decided(try ticket(asked), .could))
        #expect(answers(again).isEmpty)
        #expect(try ticket(again) != ticket(asked))
    }

    @Test mutating func `begins no scope before it knows whether there is a broker`() {
        let hold = Desk.Hold(number: 1)
        #expect(handle(.opening, .held(hold, why: "writing", .throw), .connected).isEmpty)
        #expect(handle(.welcomed) == [.begin(hold)])
    }

    @Test mutating func `begins a scope where there is no broker`() {
        let hold = Desk.Hold(number: 1)
        #expect(handle(.opening, .held(hold, why: "writing", .throw), .hungUp) == [.begin(hold)])
    }

    @Test mutating func `begins no scope while an update goes ahead that it was not asked about`() {
        let (hasty, patient) = (Desk.Hold(number: 1), Desk.Hold(number: 2))
        _ = handle(.opening, .held(hasty, why: "writing", .throw))
        _ = handle(.held(patient, why: "reading", .wait), .connected)
        let refused = handle(.subscribed(underway: ["d"]))
        #expect(refused == [.refuse(hasty, deploymentID: "d")])
        let late = Desk.Hold(number: 3)
        let lateRefused = handle(.held(late, why: "counting", .throw))
        #expect(lateRefused == [.refuse(late, deploymentID: "d")])
        let post = PostUpdateEvent(deploymentID: "d", outcome: .applied)
        #expect(handle(.ended(post)).last == .begin(patient))
    }
}
