// SPDX-License-Identifier: Apache-2.0

// The processes of a component after a death of the broker: the first that is back does not speak
// for the others.

extension Participant {
    /// So many processes held subscriptions. Those that are back wait for the others for a while.
    package struct Returning: Hashable, Sendable {
        var processes: Int
        var until: Instant
    }

    /// How many processes it has, or is awaited with.
    @inline(__always)
    package var processCount: Int { max(presentCount, returning?.processes ?? 0) }

    /// With those whose connection the upstream ended a moment ago.
    @inline(__always)
    private var presentCount: Int {
        guard !awayProcesses.isEmpty else { return subscribers.processCount }
        return Set(subscribers.map(\.process)).union(awayProcesses.map(\.process)).count
    }

    /// Waits until so many processes are there, if it waits for an answer at all.
    mutating func awaitProcesses(_ count: Int, until end: Instant) {
        returning = nil
        guard count > 1, presentCount < count, state.blocks, state != .absent else {
            return
        }
        returning = Returning(processes: count, until: end)
        if state != .away { question.answerBy = max(question.answerBy, end) }
        if state == .asked { until = question.answerBy }
    }

    /// A subscription has come: its process may be the last one that was awaited.
    mutating func noteReturn() {
        guard let returning, presentCount >= returning.processes else { return }
        self.returning = nil
    }

    /// The others had time to come back.
    mutating func endReturn(at now: Instant) -> Verdict {
        returning = nil
        let isAnswered = state == .asked && noneOwes && oldest != nil
        return isAnswered ? acknowledgeAll(at: now) : .stands
    }

    /// The end of the time to answer a question that is put now. A process that is not back yet has
    /// the rest of its grace.
    func answerEnd(_ timeout: Duration, at now: Instant) -> Instant {
        guard let returning, timeout > .zero else { return now + timeout }
        return max(now + timeout, returning.until)
    }
}

extension [Participant.Subscriber] {
    var processCount: Int { count < 2 ? count : Set(lazy.map(\.process)).count }
}

extension [Subscription] {
    var processCount: Int { count < 2 ? count : Set(lazy.map(\.process)).count }
}
