// SPDX-License-Identifier: Apache-2.0

/// What follows when a component blocks an update at its deadline.
@nonexhaustive
public enum OnDeadline: String, CaseIterable, Hashable, Sendable {
    /// The update goes ahead.
    case proceed
    /// The update does not go ahead.
    case refuse
}
