// SPDX-License-Identifier: Apache-2.0

/// What follows when a required component is not connected by the time at which its answer is due.
@nonexhaustive
public enum OnAbsence: String, CaseIterable, Hashable, Sendable {
    /// The update goes ahead.
    case proceed
    /// The update does not go ahead.
    case refuse
}
