// SPDX-License-Identifier: Apache-2.0

/// How one update treats the components: the `policy` of `reprieve#GateUpdate`.
package struct Policy: Hashable, Sendable {
    /// Greengrass's `NOTIFY_COMPONENTS` and `SKIP_NOTIFY_COMPONENTS`.
    package enum Notification: Hashable, Sendable {
        case notify
        case skip
    }

    package var notification: Notification
    /// How long a question waits for its answer.
    package var responseTimeout: Duration
    /// How long after its announcement the update goes ahead regardless.
    package var deadline: Duration
    /// The most that one answer is granted.
    package var maxDefer: Duration
    /// The budget: the longest that one component blocks one update, all in all.
    package var maxTotalDefer: Duration
    package var onSilence: OnSilence
    /// Components that the gate waits for although they have not subscribed.
    package var require: [ComponentName]

    package init(
        notification: Notification = .notify,
        responseTimeout: Duration = Defaults.responseTimeout,
        deadline: Duration = Defaults.deadline,
        maxDefer: Duration = Defaults.maxDefer,
        maxTotalDefer: Duration = Defaults.maxTotalDefer,
        onSilence: OnSilence = .proceed,
        require: [ComponentName] = []
    ) {
        self.notification = notification
        self.responseTimeout = responseTimeout
        self.deadline = deadline
        self.maxDefer = maxDefer
        self.maxTotalDefer = maxTotalDefer
        self.onSilence = onSilence
        self.require = require
    }

    /// An acknowledgement older than this is asked for again before the gate opens.
    package var acknowledgementTTL: Duration { responseTimeout * 2 }

    /// How long before the deadline everyone gets the last call.
    var deadlineLastCallLead: Duration { min(responseTimeout, deadline / 2) }
}

/// What holds for every update: the times that no request can change, and how much is remembered.
package struct Settings: Hashable, Sendable {
    /// How long a hung-up component or coordinator may take to return.
    package var reconnectGrace: Duration = .seconds(5)
    /// How long a released update waits for its completion, and an owed post for its component.
    package var completionLimit: Duration = .seconds(24 * 3_600)
    /// The least that is granted, so that nobody is asked in a tight loop.
    package var minimumDeferral: Duration = .milliseconds(100)
    /// Updates waiting or released at once. Beyond it an announcement is refused.
    package var maximumUpdates = 64
    /// Ended updates remembered by id, so that a repeated verb succeeds. Oldest forgotten first.
    package var maximumEnded = 256
    /// Posts owed to one component that is not there. Oldest forgotten first.
    package var maximumOwedPosts = 16
    /// Components that posts are owed to. Beyond it a component without a subscription misses it.
    package var maximumOwedComponents = 4_096
    /// What the operator has settled for components by their names.
    package var rules: [ComponentRule] = []
    /// Whether a component that no rule matches may subscribe.
    package var allowsUnknown = true

    package init() {}
}
