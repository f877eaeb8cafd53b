// SPDX-License-Identifier: Apache-2.0

/// The handling of one event: when it happened, what holds, and what is to be done about it.
struct Turn {
    let now: Instant
    let settings: Settings
    /// What is to be written down of it.
    var changes = Changes()
    var actions: [Action] = []

    mutating func changed(_ id: DeploymentID) {
        show(id)
        changes.note(.update(id))
    }

    mutating func show(_ id: DeploymentID) {
        if let last = actions.indices.last, case .changed(id) = actions[last] { return }
        actions.append(.changed(id))
    }
}
