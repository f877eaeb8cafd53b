// SPDX-License-Identifier: Apache-2.0

import Negotiation
import Outsider
import Testing

/// A negotiation on a hand-turned clock. It keeps a transcript of everything that is sent, one line
/// each, so that a test tells a story and reads what came of it. After each event it checks that
/// the oracle agrees, and which decisions and changes were reported.
///
/// Components, coordinators and operators go by labels: `camera` is a component, `camera#2` is its
/// second connection.
final class NegotiationHarness {
    private(set) var negotiation: Negotiation
    private(set) var now = Instant(sinceBoot: .zero)
    private(set) var notices: [String: [Notice]] = [:]
    /// How often the status was reported to be another.
    private(set) var statusChanges = 0
    private(set) var decisions: [Decision] = []
    /// Whether what is sent is handed to its socket at once.
    var sendsAtOnce = true
    private var writtenCopy = WrittenCopy()
    private var oracle: Oracle
    private var lines: [String] = []
    private var labels: [StreamID: String] = [:]
    private var streams: [String: StreamID] = [:]
    private var lastPeer: UInt64 = 0
    /// Of connections that name one.
    private var processes: [PeerID: Int32] = [:]
    private var lastCall: Int32 = 1

    init(settings: Settings = Settings()) {
        negotiation = Negotiation(settings: settings)
        oracle = Oracle(settings: settings)
    }

    /// With rules that set nothing, for these patterns.
    convenience init(naming patterns: String...) {
        var settings = Settings()
        settings.rules = patterns.map { ComponentRule(pattern: $0) }
        self.init(settings: settings)
    }

    /// The transcript since the last reading.
    func read() -> String {
        defer { lines = [] }
        return lines.joined(separator: "\n")
    }

    /// Drops the transcript so far: the story begins here.
    func skip() { lines = [] }
}

// MARK: - What happens

extension NegotiationHarness {
    func subscribe(_ labels: String..., confirm: Bool = false, process: Int32 = 0) {
        for label in labels {
            let stream = connect(label)
            processes[stream.peer] = process
            let subscription = Subscription(
                stream: stream,
                component: component(label),
                confirm: confirm,
                process: process
            )
            feed(.subscribed(subscription))
        }
    }

    /// Ends the subscription; the connection stays.
    func unsubscribe(_ label: String) {
        feed(.unsubscribed(stream(label), component: component(label)))
    }

    func hangUp(_ label: String) {
        feed(.hungUp(stream(label).peer, component: component(label)))
    }

    /// Its connection is lost, and not through its doing.
    func lose(_ label: String) {
        feed(.lost(stream(label).peer, component: component(label)))
    }

    func answer(
        _ label: String,
        _ deferral: Duration = .zero,
        to id: DeploymentID = "d-1",
        round: Int64? = nil,
        message: String? = nil
    ) {
        let answer = Answer(
            request: call(label),
            component: component(label),
            process: processes[stream(label).peer] ?? 0,
            deploymentID: id,
            deferral: deferral,
            round: round,
            message: message
        )
        feed(.answered(answer))
    }

    func announce(
        _ id: DeploymentID = "d-1",
        by coordinator: String = "nucleus",
        policy: Policy = Policy(),
        components: [ComponentName]? = nil,
        process: Int32 = 0,
        asSent: [UInt8] = [],
        disruption: Disruption = .components,
        _ change: (inout UpdateRequest) -> Void = { _ in }
    ) {
        var request = UpdateRequest(
            deploymentID: id,
            disruption: disruption,
            components: components,
            policy: policy,
            asSent: asSent
        )
        change(&request)
        feed(.announced(request, coordinator: connect(coordinator), process: process))
    }

    func leave(_ coordinator: String = "nucleus") { feed(.coordinatorLeft(stream(coordinator))) }

    func complete(_ id: DeploymentID = "d-1", _ outcome: Outcome = .applied) {
        feed(.completed(id, outcome, message: nil, request: call("operator")))
    }

    func cancel(_ id: DeploymentID = "d-1") {
        feed(.cancelled(id, reason: "not today", by: "operator", request: call("operator")))
    }

    func force(_ id: DeploymentID = "d-1") {
        feed(.forced(id, reason: "now", by: "operator", request: call("operator")))
    }

    /// Everything that was sent has been handed to the sockets.
    func send() { feed(.sent) }

    /// The broker dies, and goes on with what it has written down.
    func restart() {
        expectNone(writtenCopy.objectionsToRestoring(negotiation, at: now))
        feed(.restarted)
    }

    /// Suspends the device.
    func suspend(_ duration: Duration) {
        now = now + duration
        feed(.slept(duration))
        fireDue()
    }

    /// Turns the clock, and stops at every deadline on the way.
    func wait(_ duration: Duration) {
        let end = now + duration
        fireDue()
        while let next = negotiation.nextDeadline, next > now, next <= end {
            now = next
            fireDue()
        }
        now = end
        expectNothing("early")
    }

    /// Turns the clock and fires no timer: what follows arrives in the same instant as the
    /// deadlines that passed, and before them.
    func waitUntilJustBeforeTimers(_ duration: Duration) { now = now + duration }

    func fireDue() {
        for _ in 0..<100 {
            guard let next = negotiation.nextDeadline, next <= now else {
                return expectNothing("twice")
            }
            let before = (negotiation, lines.count)
            feed(.timePassed)
            if before == (negotiation, lines.count) {
                Issue.record("a deadline at \(now.sinceBoot.spelled) changed nothing")
            }
        }
        Issue.record("time does not come to rest at \(now.sinceBoot.spelled)")
    }

    private func expectNothing(_ when: String) {
        var copy = negotiation
        if copy.handle(.timePassed, at: now) != Consequences() || copy != negotiation {
            Issue.record("time passed, fed \(when) at \(now.sinceBoot.spelled), did something")
        }
    }
}

// MARK: - What can be asked

extension NegotiationHarness {
    func status(_ id: DeploymentID = "d-1") -> UpdateStatus? {
        negotiation.updates[id]?.status(at: now)
    }

    func blockers(_ id: DeploymentID = "d-1") -> [ComponentName] { status(id)?.blockedBy ?? [] }

    func participant(_ name: ComponentName, _ id: DeploymentID = "d-1") -> ParticipantStatus? {
        status(id)?.participants.first { $0.component == name }
    }

    func state(_ name: ComponentName, _ id: DeploymentID = "d-1") -> Participant.State? {
        participant(name, id)?.state
    }

    func isWaiting(_ id: DeploymentID = "d-1") -> Bool {
        status(id).map { !$0.isReleased } ?? false
    }

    /// What the component would be answered if it subscribed now.
    func underway(_ name: ComponentName) -> [DeploymentID] {
        let subscription = Subscription(stream: StreamID(PeerID(0), 1), component: name)
        return negotiation.underway(for: subscription, at: now)
    }

    func lastNotice(_ label: String) -> Notice? { notices[label]?.last }
}

// MARK: - Labels

extension NegotiationHarness {
    private func feed(_ event: Event) {
        let before = negotiation
        let consequences = negotiation.handle(event, at: now)
        let transition = Transition(
            event,
            consequences,
            before: before,
            after: negotiation,
            at: now
        )
        expectNone(transition.objectionsToDecisions)
        expectNone(writtenCopy.follow(consequences.changes, to: negotiation))
        expectNone(oracle.hear(event, consequences.actions, at: now))
        let ids = negotiation.updates.names
        expectNone(oracle.disagreements(with: negotiation, on: ids, at: now))
        decisions += consequences.decisions
        for action in consequences.actions {
            if case .changed = action { statusChanges += 1 }
            write(action)
        }
        if sendsAtOnce, negotiation.awaitsSending { feed(.sent) }
    }

    private func expectNone(_ objections: [String]) {
        for objection in objections {
            Issue.record("at \(now.sinceBoot.spelled): \(objection)")
        }
    }

    private func connect(_ label: String) -> StreamID {
        lastPeer += 1
        let stream = StreamID(PeerID(lastPeer), 1)
        streams[label] = stream
        labels[stream] = label
        return stream
    }

    private func stream(_ label: String) -> StreamID { streams[label] ?? connect(label) }

    private func call(_ label: String) -> StreamID {
        lastCall += 1
        let stream = StreamID(stream(label).peer, lastCall)
        labels[stream] = label
        return stream
    }

    private func component(_ label: String) -> ComponentName {
        label.split(separator: "#").first.map(String.init) ?? label
    }

    private func write(_ action: Action) {
        guard let (stream, text) = action.spelled else { return }
        let label = labels[stream] ?? "nobody"
        if case .notify(_, let notice) = action { notices[label, default: []].append(notice) }
        lines.append("\(now.sinceBoot.spelled)  \(label) ← \(text)")
    }
}
