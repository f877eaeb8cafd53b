// SPDX-License-Identifier: Apache-2.0

extension Update {
    package enum Phase: Hashable, Sendable {
        case gathering
        /// The first part of the final asking.
        case askingVetoes
        /// The second part: all others.
        case finalAsking
        case released(Opening)
        case ended(Ended)

        var isFinalAsking: Bool { self == .askingVetoes || self == .finalAsking }
    }

    /// The opening of a gate, as it is written down. What else a `Release` says follows from the
    /// participants.
    package struct Opening: Hashable, Sendable {
        package var basis: Basis
        package var waited: Duration
        package var at: Instant

        package init(basis: Basis, waited: Duration, at instant: Instant) {
            self.basis = basis
            self.waited = waited
            self.at = instant
        }
    }

    /// How an update ended.
    package enum Ending: Hashable, Sendable {
        case completed(Outcome, message: String?)
        case cancelled(Withdrawal)
        case refused(Withdrawal)
        /// It was not completed within the completion limit.
        case unknown
    }
}

extension Update {
    package var isWaiting: Bool {
        switch phase {
        case .gathering, .askingVetoes, .finalAsking: true
        case .released, .ended: false
        }
    }

    package var opening: Opening? {
        if case .released(let opening) = phase { opening } else { nil }
    }

    /// The opening with its participants, once the gate is open. Nothing changes them after that.
    package var release: Release? {
        guard let opening else { return nil }
        return Release(
            deploymentID: id,
            basis: opening.basis,
            waited: opening.waited,
            participants: participants.names,
            silent: components(inState: { $0.isSilence }),
            overridden: components(inState: { $0 == .overridden }),
            at: opening.at
        )
    }
}

extension Update.Ending {
    /// How it ended, for people.
    var word: String {
        switch self {
        case .completed(let outcome, _): outcome.rawValue
        case .cancelled: "cancelled"
        case .refused: "refused"
        case .unknown: "unknown"
        }
    }

    /// What the components are told of it.
    package func post(_ id: DeploymentID) -> Post {
        switch self {
        case .completed(let outcome, let message):
            Post(deploymentID: id, outcome: outcome, message: message)
        case .cancelled(let withdrawal), .refused(let withdrawal):
            Post(deploymentID: id, outcome: .cancelled, message: withdrawal.reason)
        case .unknown: Post(deploymentID: id, outcome: .unknown, message: nil)
        }
    }
}
