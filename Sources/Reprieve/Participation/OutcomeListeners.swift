// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// The sequences of `Updates.outcomes` that are being iterated.
struct OutcomeListeners {
    typealias Listener = AsyncStream<EndedUpdate>.Continuation

    private var listeners: [Int: Listener] = [:]
    private var latest = 0
    /// The updates that ended while there was no listener.
    private var unheard: [EndedUpdate] = []

    /// Returns those that are to be told.
    mutating func publish(_ ended: EndedUpdate) -> [Listener] {
        if listeners.isEmpty {
            unheard = (unheard + [ended]).suffix(ParticipationLimits.endedUpdates)
        }
        return Array(listeners.values)
    }

    /// The listener is a new one, for which no task waits yet.
    mutating func add(_ listener: Listener) -> Int {
        latest += 1
        listeners[latest] = listener
        for ended in unheard { listener.yield(ended) }
        unheard = []
        return latest
    }

    mutating func remove(_ listener: Int) {
        listeners[listener] = nil
    }
}

extension Participation {
    func outcomes() -> AsyncStream<EndedUpdate> {
        let (outcomes, listener) = AsyncStream.makeStream(
            of: EndedUpdate.self,
            bufferingPolicy: .bufferingNewest(ParticipationLimits.unreadOutcomes)
        )
        let number = state.withLock { $0.outcomes.add(listener) }
        listener.onTermination = { [weak self] _ in
            self?.state.withLock { $0.outcomes.remove(number) }
        }
        return outcomes
    }
}
