// SPDX-License-Identifier: Apache-2.0

/// What follows when a component does not answer in time.
@nonexhaustive
public enum OnSilence: String, CaseIterable, Hashable, Sendable {
    /// The update goes ahead.
    case proceed
    /// The update does not go ahead.
    case refuse
}
