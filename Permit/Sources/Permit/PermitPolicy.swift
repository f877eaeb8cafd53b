// SPDX-License-Identifier: Apache-2.0

public import Reprieve

/// What the operator has set.
public struct PermitPolicy: Hashable, Sendable {
    public enum AfterFailure: String, CaseIterable, Hashable, Sendable {
        /// The slot is kept: a bad update goes no further than there are slots.
        case keep
        /// It is given back like after an update that was applied.
        case giveBack = "give-back"
    }

    /// The least disruption that needs a slot.
    public var concerns = Disruption.nucleus
    /// The time between two requests, which is lengthened at random by up to a half.
    public var retry = Duration.seconds(30)
    /// How long after an update the device is not known to be steady.
    public var steadyAfter = Duration.seconds(60)
    public var hasHealthCommand = false
    public var afterFailure = AfterFailure.keep
    /// How long no server must have been reached until an update goes ahead without a slot; nil if
    /// none ever does.
    public var proceedAfter: Duration?

    public init() {}
}
