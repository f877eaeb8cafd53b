// SPDX-License-Identifier: Apache-2.0

/// What holds for an update where neither its request nor the configuration says otherwise. The
/// texts stand in help and manual pages.
package enum Defaults {
    /// How long a component may take to answer a notice.
    package static let responseTimeout = Duration.seconds(60)
    package static let responseTimeoutText = "60s"
    /// When the gate opens at the latest, counted from the announcement.
    package static let deadline = Duration.seconds(24 * 3_600)
    package static let deadlineText = "24h"
    /// The longest deferral that one answer is granted.
    package static let maxDefer = Duration.seconds(3_600)
    package static let maxDeferText = "1h"
    /// The budget: how long one component may block one update, all in all.
    package static let maxTotalDefer = Duration.seconds(12 * 3_600)
    package static let maxTotalDeferText = "12h"
}
