// SPDX-License-Identifier: Apache-2.0

/// A component's subscription: the stream on which it is told of updates.
package struct Subscription: Hashable, Sendable {
    package var stream: StreamID
    package var component: ComponentName
    /// The component acts only on a `final` notice, and answers it with that notice's round.
    package var confirm: Bool
    /// The process behind the connection, 0 where unknown.
    package var process: Int32

    package init(
        stream: StreamID,
        component: ComponentName,
        confirm: Bool = false,
        process: Int32 = 0
    ) {
        self.stream = stream
        self.component = component
        self.confirm = confirm
        self.process = process
    }
}
