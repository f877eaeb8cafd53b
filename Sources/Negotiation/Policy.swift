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
    /// What follows when one of them, or one that a rule requires, is not there in time.
    package var onAbsence: OnAbsence
    /// What follows when a component blocks at the deadline.
    package var onDeadline: OnDeadline

    package init(
        notification: Notification = .notify,
        responseTimeout: Duration = Defaults.responseTimeout,
        deadline: Duration = Defaults.deadline,
        maxDefer: Duration = Defaults.maxDefer,
        maxTotalDefer: Duration = Defaults.maxTotalDefer,
        onSilence: OnSilence = .proceed,
        require: [ComponentName] = [],
        onAbsence: OnAbsence = .refuse,
        onDeadline: OnDeadline = .proceed
    ) {
        self.notification = notification
        self.responseTimeout = responseTimeout
        self.deadline = deadline
        self.maxDefer = maxDefer
        self.maxTotalDefer = maxTotalDefer
        self.onSilence = onSilence
        self.require = require
        self.onAbsence = onAbsence
        self.onDeadline = onDeadline
    }

    /// An acknowledgement older than this is asked for again before the gate opens.
    package var acknowledgementTTL: Duration { responseTimeout + responseTimeout }

    /// How long before the deadline everyone gets the last call.
    var deadlineLastCallLead: Duration { min(responseTimeout, deadline / 2) }
}
