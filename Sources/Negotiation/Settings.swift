// SPDX-License-Identifier: Apache-2.0

/// What holds for every update: the times that no request can change, and how much is remembered.
package struct Settings: Hashable, Sendable {
    /// How long a disconnected component or coordinator may take to reconnect.
    package var reconnectGrace: Duration = .seconds(5)
    /// How long a released update waits for its completion, and an owed post for its component.
    package var completionLimit: Duration = .seconds(24 * 3_600)
    /// How long a released update outlives the coordinator that makes it, unless the update itself
    /// ends that, or was announced to be completed later.
    package var applyGrace: Duration = .seconds(300)
    /// The least that is granted, so that no component is asked in a tight loop.
    package var minimumDeferral: Duration = .milliseconds(100)
    /// Final askings of one update. No deferral ends the last of them, so that no component is sent
    /// back to work by others more often.
    package var maximumFinalAskings = 8
    /// Updates waiting or released at once. Beyond it an announcement is refused.
    package var maximumUpdates = 64
    /// Ended updates remembered by id, so that a repeated verb succeeds. Oldest forgotten first.
    package var maximumEnded = 256
    /// Posts owed to one component without a subscription. Oldest forgotten first.
    package var maximumOwedPosts = 16
    /// Components that posts are owed to. Beyond it a component without a subscription misses it.
    package var maximumOwedComponents = 4_096
    /// Components that posts are owed to and that are in one unit. Beyond it one misses it.
    package var maximumOwedComponentsOfUnit = 64
    /// Components of one unit that are subscribed, or that take part in one update. Beyond it a
    /// subscription is refused: a process in the unit can take any number of names.
    package var maximumComponentsOfUnit = 128
    /// Subscriptions of one component. Beyond it one more is refused.
    package var maximumSubscriptions = 64
    /// Subscriptions of all components of one unit. Beyond it one more is refused: each of them is
    /// told of each update.
    package var maximumSubscriptionsOfUnit = 256
    /// What the operator has settled for components by their names.
    package var rules: [ComponentRule] = []
    /// Whether a component that no rule matches may subscribe.
    package var allowsUnknown = true

    package init() {}
}
