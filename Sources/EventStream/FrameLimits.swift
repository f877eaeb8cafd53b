// SPDX-License-Identifier: Apache-2.0

/// How much of a frame is taken from a peer. Beyond any of these the decoder fails, for good.
package struct FrameLimits: Hashable, Sendable {
    /// A whole frame, prelude and checksums included, in bytes. A longer one is refused at its
    /// prelude, before the rest is waited for.
    package var maximumFrame: Int

    /// Headers in one frame.
    package var maximumHeaders: Int

    /// The text or the bytes of one header, in bytes. AWS's C runtime, which most SDKs stand on,
    /// takes no more either, so this bounds what is written as well.
    package var maximumHeaderValue: Int

    package init(
        maximumFrame: Int = 64 * 1024,
        maximumHeaders: Int = 32,
        maximumHeaderValue: Int = 32_767
    ) {
        self.maximumFrame = maximumFrame
        self.maximumHeaders = maximumHeaders
        self.maximumHeaderValue = maximumHeaderValue
    }

    package static let `default` = FrameLimits()

    /// For what was checked before.
    package static let none = FrameLimits(
        maximumFrame: .max,
        maximumHeaders: .max,
        maximumHeaderValue: .max
    )
}
