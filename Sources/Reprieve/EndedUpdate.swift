// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import Synchronization

/// An update that is over, or was called off.
public struct EndedUpdate: Hashable, Sendable {
    public let deploymentID: String
    /// What became of it; never `postponed`.
    public let outcome: Outcome
    /// What the updater says about it, if anything.
    public let message: String?

    init(_ event: PostUpdateEvent) {
        deploymentID = event.deploymentID
        outcome = event.outcome ?? .unknown
        message = event.message
    }
}

/// Whoever wants to know what became of updates.
struct OutcomeListeners {
    private var listeners: [Int: AsyncStream<EndedUpdate>.Continuation] = [:]
    private var latest = 0
    /// What ended while nobody listened.
    private var unheard: [EndedUpdate] = []

    mutating func publish(_ ended: EndedUpdate) {
        for listener in listeners.values { listener.yield(ended) }
        guard listeners.isEmpty else { return }
        unheard = (unheard + [ended]).suffix(Limits.endedUpdates)
    }

    mutating func add(_ listener: AsyncStream<EndedUpdate>.Continuation) -> Int {
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
        let limit = AsyncStream<EndedUpdate>.Continuation.BufferingPolicy.bufferingNewest(
            Limits.unreadOutcomes
        )
        let (outcomes, listener) = AsyncStream.makeStream(
            of: EndedUpdate.self,
            bufferingPolicy: limit
        )
        let number = state.withLock { $0.outcomes.add(listener) }
        listener.onTermination = { [weak self] _ in
            self?.state.withLock { $0.outcomes.remove(number) }
        }
        return outcomes
    }
}
