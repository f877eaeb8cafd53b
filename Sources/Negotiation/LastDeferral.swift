// SPDX-License-Identifier: Apache-2.0

/// The last deferral that a component was granted, for the history. What the component says later
/// does not take its place, unless that is another deferral. It decides nothing.
package struct LastDeferral: Hashable, Sendable {
    package var granted: Duration
    package var message: String?

    package init(granted: Duration, message: String?) {
        self.granted = granted
        self.message = message
    }
}
