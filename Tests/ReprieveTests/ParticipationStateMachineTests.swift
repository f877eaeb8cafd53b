// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@testable import Reprieve

typealias StateMachine = ParticipationStateMachine

extension ParticipationStateMachine.Event {
    /// The subscription is accepted, and no update is under way.
    fileprivate static let welcomed = StateMachine.Event.subscribed(underway: [])
}

/// The decisions that need a broker that misbehaves, or much time.
@Suite("The state machine of a participation") struct ParticipationStateMachineTests {
    private var machine = StateMachine()
    private var now = StateMachine.Moment.now

    private mutating func handle(_ events: StateMachine.Event...) -> [StateMachine.Action] {
        events.flatMap { machine.handle($0, at: now) }
    }

    /// Advances the clock to the next deadline. Returns by how much, and the actions.
    private mutating func wait() throws -> (Duration, [StateMachine.Action]) {
        let next = try #require(machine.nextDeadline)
        defer { now = next }
        return (next - now, machine.handle(.timePassed, at: next))
    }

    private func notice(_ round: Int64?, final: Bool = false) -> StateMachine.Event {
        var event = PreUpdateEvent(deploymentID: "d", disruption: .components)
        event.round = round
        event.final = final
        if round != nil { event.respondByMs = 60_000 }
        return .noticed(event)
    }

    private func answers(_ actions: [StateMachine.Action]) -> [Int64] {
        actions.compactMap { action in
            if case .send(_, let request) = action { request.recheckAfterMs } else { nil }
        }
    }

    private func question(_ actions: [StateMachine.Action]) throws -> StateMachine.QuestionID {
        for case .ask(let question, _) in actions { return question }
        throw Missing()
    }

    private func answerID(_ actions: [StateMachine.Action]) throws -> StateMachine.AnswerID {
        for case .send(let question, _) in actions { return question }
        throw Missing()
    }

    private struct Missing: Error {}

    private func taken(_ granted: Int64) -> BrokerReply {
        .taken(DeferResponse(grantedMs: granted, remainingMs: 100_000))
    }

    @Test mutating func `remembers so many updates, and gives up a broker that asks about more`() {
        _ = handle(.connected, .welcomed, .answererCame)
        func notice(_ number: Int) -> StateMachine.Event {
            var event = PreUpdateEvent(deploymentID: "d\(number)", disruption: .components)
            event.round = 1
            return .noticed(event)
        }
        for number in 0..<256 { #expect(handle(notice(number)).count == 1) }
        #expect(handle(notice(256)) == [.hangUp(.tooManyUpdates)])
        #expect(machine.updates.count == 256)
        let questions = (1...256).map { StateMachine.QuestionID(number: $0) }
        for question in questions { _ = handle(.decided(question, .could)) }
        #expect(handle(notice(257)) == [.hangUp(.tooManyUpdates)])
        #expect(machine.updates.isEmpty)
        _ = handle(.hungUp, .connected, .welcomed)
        #expect(handle(notice(258)).count == 1)
    }

    @Test mutating func `remembers so many updates that are under way`() {
        let ids = (0..<4_096).map { "d\($0)" }
        _ = handle(.connected, .subscribed(underway: ids))
        #expect(machine.updates.count == 256)
    }

    @Test mutating func `a scope that lets updates go first waits for the notices after a start`() {
        let scope = StateMachine.ScopeID(number: 1)
        _ = handle(.scopeOpened(scope, why: "writing", .throw, .wait), .connected)
        #expect(!handle(.welcomed).contains(.begin(scope)))
        #expect(machine.awaitsNotices)
        #expect(answers(handle(notice(1))) == [0])
        #expect(!handle(.caughtUp).contains(.begin(scope)))
        let over = PostUpdateEvent(deploymentID: "d", outcome: .cancelled)
        #expect(handle(.ended(over)).contains(.begin(scope)))
        #expect(answers(handle(notice(1))) == [30_000])
    }

    @Test mutating func `a scope that lets updates go first does not wait for a lost broker`() {
        let scope = StateMachine.ScopeID(number: 1)
        _ = handle(.connected, .welcomed, notice(1))
        #expect(!handle(.scopeOpened(scope, why: "writing", .throw, .wait)).contains(.begin(scope)))
        #expect(handle(.hungUp).contains(.begin(scope)))
    }

    @Test mutating func `a scope begins when the broker is given up, which does not reply`() {
        let scope = StateMachine.ScopeID(number: 1)
        _ = handle(.connected, .welcomed, notice(1), .answererCame)
        _ = handle(.scopeOpened(scope, why: "writing", .throw))
        let asked = handle(.reconsidered, .hungUp, .connected, .welcomed)
        #expect(answers(asked) == [30_000])
        let other = StateMachine.ScopeID(number: 2)
        #expect(answers(handle(.scopeOpened(other, why: "reading", .throw))) == [30_000])
        #expect(handle(.hungUp).contains(.begin(other)))
    }

    @Test mutating func `keeps what a slow closure has done for plain Greengrass's next notice`()
        throws
    {
        let asked = handle(.connected, .welcomed, .answererCame, notice(nil))
        let (time, covered) = try wait()
        #expect(time == .seconds(15))
        #expect(answers(covered) == [30_000])
        #expect(handle(.decided(try question(asked), .ready)).isEmpty)
        let next = handle(notice(nil))
        #expect(answers(next) == [0])
        #expect(next.count == 1)
    }

    @Test mutating func `takes an update for over that it has not heard of for 25 hours`() throws {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1, final: true))
        let ready = handle(.decided(try question(asked), .ready))
        #expect(answers(ready) == [0])
        _ = handle(.replied(try answerID(ready), taken(0)))
        let (time, actions) = try wait()
        #expect(time == .seconds(25 * 3_600))
        #expect(actions == [.followUp(try question(asked), .unknown)])
        _ = handle(.followedUp(try question(asked)))
        #expect(machine.nextDeadline == nil)
    }

    @Test mutating func `is not misled by a reply that comes after a later answer`() throws {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1))
        let (time, covered) = try wait()
        #expect(time == .seconds(45))
        #expect(answers(covered) == [30_000])
        let ready = handle(.decided(try question(asked), .ready))
        #expect(answers(ready) == [0])
        let late = handle(.replied(try answerID(covered), taken(30_000)))
        #expect(late.isEmpty)
    }

    @Test mutating func `publishes what a broker says twice once, until it is announced again`() {
        let post = StateMachine.Event.ended(PostUpdateEvent(deploymentID: "d", outcome: .applied))
        #expect(handle(.connected, .welcomed, post).count == 1)
        #expect(handle(post).isEmpty)
        _ = handle(notice(1))
        #expect(handle(post).count == 1)
    }

    @Test mutating func `says nothing when an inner scope ends`() {
        let (outer, inner) = (StateMachine.ScopeID(number: 1), StateMachine.ScopeID(number: 2))
        _ = handle(.connected, .welcomed, .scopeOpened(outer, why: "outer", .throw), notice(1))
        #expect(answers(handle(.scopeOpened(inner, why: "inner", .throw))) == [30_000])
        #expect(handle(.scopeClosed(inner)).isEmpty)
        #expect(answers(handle(.scopeClosed(outer))) == [0])
    }

    @Test mutating func `does not ask about an update that is under way, until its next notice`()
        throws
    {
        let scope = StateMachine.ScopeID(number: 1)
        let asked = handle(.connected, .welcomed, .answererCame, notice(1, final: true))
        _ = handle(.decided(try question(asked), .could))
        let held = handle(.scopeOpened(scope, why: "writing", .throw))
        let refused = handle(.replied(try answerID(held), .refused("too late")))
        #expect(refused == [.refuse(scope, deploymentID: "d", reason: "too late")])
        #expect(handle(.reconsidered, .answererCame).isEmpty)
        #expect(throws: Never.self) { try question(handle(notice(2))) }
    }

    @Test mutating func `begins no scope when the last word before a hang-up was final`() throws {
        let scope = StateMachine.ScopeID(number: 1)
        let asked = handle(.connected, .welcomed, .answererCame, notice(1, final: true))
        _ = handle(.decided(try question(asked), .could))
        #expect(answers(handle(.scopeOpened(scope, why: "writing", .throw))) == [30_000])
        #expect(handle(.hungUp) == [.refuse(scope, deploymentID: "d", reason: nil)])
    }

    @Test mutating func `asks again when the final notice came while the closure was asked`()
        throws
    {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1))
        #expect(handle(notice(2, final: true)).isEmpty)
        let again = handle(.decided(try question(asked), .could))
        #expect(answers(again).isEmpty)
        #expect(try question(again) != question(asked))
    }

    @Test(arguments: [[StateMachine.Event.started], []])
    mutating func `begins no scope before the broker says what is under way`(
        first: [StateMachine.Event]
    ) {
        let scope = StateMachine.ScopeID(number: 1)
        for event in first { _ = handle(event) }
        #expect(handle(.scopeOpened(scope, why: "writing", .throw), .started, .connected).isEmpty)
        #expect(handle(.welcomed) == [.begin(scope)])
    }

    @Test mutating func `begins no scope before the broker of a new connection says so`() {
        let scope = StateMachine.ScopeID(number: 1)
        _ = handle(.connected, .welcomed, .hungUp, .connected)
        #expect(handle(.scopeOpened(scope, why: "writing", .throw)).isEmpty)
        #expect(handle(.welcomed) == [.begin(scope)])
    }

    @Test mutating func `begins a scope after 3 s though the broker has said nothing`() throws {
        let (scope, other) = (StateMachine.ScopeID(number: 1), StateMachine.ScopeID(number: 2))
        #expect(handle(.connected, .scopeOpened(scope, why: "writing", .throw)).isEmpty)
        #expect(try wait() == (.seconds(3), [.begin(scope)]))
        #expect(handle(.scopeOpened(other, why: "reading", .throw)) == [.begin(other)])
    }

    @Test mutating func `decides afresh when the closure cannot be asked`() throws {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1), .answererLeft)
        #expect(answers(asked).isEmpty)
        #expect(answers(handle(.notAsked(try question(asked)))) == [0])
    }

    @Test mutating func `has a component resume that got ready for a question given up`() throws {
        let asked = handle(.connected, .welcomed, .answererCame, notice(1), .answererLeft)
        #expect(answers(handle(notice(2))) == [0])
        let late = handle(.decided(try question(asked), .ready))
        #expect(late == [.followUp(try question(asked), .postponed)])
    }

    @Test mutating func `begins a scope where there is no broker`() {
        let scope = StateMachine.ScopeID(number: 1)
        _ = handle(.started, .scopeOpened(scope, why: "writing", .throw))
        #expect(handle(.hungUp) == [.begin(scope)])
    }

    @Test mutating func `waits no more for an update that a broker does not list any more`() {
        _ = handle(.connected, .subscribed(underway: ["d", "e"]), .hungUp, .connected)
        _ = handle(.subscribed(underway: ["e"]))
        let scope = StateMachine.ScopeID(number: 1)
        let refused = handle(.scopeOpened(scope, why: "writing", .throw))
        #expect(refused == [.refuse(scope, deploymentID: "e", reason: nil)])
        // Others may have been left out for room.
        let long = (10..<40).map { "\($0)" + String(repeating: "x", count: 200) }
        _ = handle(.hungUp, .connected, .subscribed(underway: long))
        #expect(!handle(.scopeOpened(scope, why: "writing", .throw)).contains(.begin(scope)))
        #expect(machine.updates["e"] != nil)
        _ = handle(.hungUp, .connected, .welcomed)
        #expect(handle(.scopeOpened(scope, why: "writing", .throw)) == [.begin(scope)])
    }

    @Test(arguments: [true, false])
    mutating func `lets an update that takes no deferral go on, if a scope only waits for it`(
        isOther: Bool
    ) throws {
        let other = StateMachine.ScopeID(number: 1)
        _ = handle(.connected, .welcomed)
        if isOther { _ = handle(.scopeOpened(other, why: "reading", .wait)) }
        let scope = StateMachine.ScopeID(number: 2)
        let sent = handle(notice(1), .scopeOpened(scope, why: "writing", .wait))
        let deferral = try answerID(sent.reversed())
        let refused = handle(.replied(deferral, .refused("the budget is spent")))
        #expect(answers(refused) == (isOther ? [] : [0]))
        #expect(!refused.contains(.begin(scope)))
        if isOther { #expect(answers(handle(.scopeClosed(other))) == [0]) }
        let over = PostUpdateEvent(deploymentID: "d", outcome: .applied)
        #expect(handle(.ended(over)).contains(.begin(scope)))
    }

    @Test mutating func `begins no scope while an update is under way, though it came too late`() {
        let (hasty, patient) = (StateMachine.ScopeID(number: 1), StateMachine.ScopeID(number: 2))
        _ = handle(.started, .scopeOpened(hasty, why: "writing", .throw))
        _ = handle(.scopeOpened(patient, why: "reading", .wait), .connected)
        let refused = handle(.subscribed(underway: ["d"]))
        #expect(refused == [.refuse(hasty, deploymentID: "d", reason: nil)])
        let late = StateMachine.ScopeID(number: 3)
        let lateRefused = handle(.scopeOpened(late, why: "counting", .throw))
        #expect(lateRefused == [.refuse(late, deploymentID: "d", reason: nil)])
        let post = PostUpdateEvent(deploymentID: "d", outcome: .applied)
        #expect(handle(.ended(post)).last == .begin(patient))
    }
}
