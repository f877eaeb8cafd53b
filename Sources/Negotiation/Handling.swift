// SPDX-License-Identifier: Apache-2.0

/// The handling of one event: when it happened, the settings, and what follows from it so far.
struct Handling {
    let now: Instant
    let settings: Settings
    var consequences = Consequences()
    /// Other updates than before keep others waiting.
    var areClaimsOthers = false
    private var latestShown: DeploymentID?

    init(now: Instant, settings: Settings) {
        self.now = now
        self.settings = settings
    }

    /// Makes room for what follows where so many components are asked.
    mutating func reserve(components count: Int) {
        consequences.actions.reserveCapacity(2 * count)
        consequences.changes.reserveCapacity(count)
    }

    mutating func send(_ action: Action) {
        consequences.actions.append(action)
    }

    mutating func decide(_ decision: Decision) {
        consequences.decisions.append(decision)
    }

    mutating func note(_ change: Change) {
        let last = consequences.changes.count - 1
        if last < 0 || consequences.changes[last] != change { consequences.changes.append(change) }
    }

    /// The status of an update is another than before. To say so once is enough.
    mutating func show(_ id: DeploymentID) {
        guard latestShown != id else { return }
        latestShown = id
        send(.changed(id))
    }

    mutating func fail(_ request: StreamID, _ refusal: Refusal) {
        send(.failed(request, refusal))
    }
}
