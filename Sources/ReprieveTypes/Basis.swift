// SPDX-License-Identifier: Apache-2.0

/// On what ground a gate opened, from the weakest to the strongest. The strongest that applies is
/// named.
@nonexhaustive
public enum Basis: String, CaseIterable, Comparable, Hashable, Sendable {
    /// All components acknowledged, or the update concerns none.
    case consent
    /// At least one component did not answer in time.
    case silence
    /// At least one deferral was cut at the end of its budget.
    case capped
    /// The deadline passed.
    case deadline
    /// An operator forced it.
    case forced
    /// No component was told.
    case skipped
    /// A basis of a later version. The broker itself never opens a gate on it.
    case unknown

    public static func < (one: Basis, other: Basis) -> Bool {
        one.strength < other.strength
    }

    private var strength: Int {
        switch self {
        case .unknown: -1
        case .consent: 0
        case .silence: 1
        case .capped: 2
        case .deadline: 3
        case .forced: 4
        case .skipped: 5
        }
    }

    package init(wire text: String) {
        self = Basis(rawValue: text) ?? .unknown
    }
}
