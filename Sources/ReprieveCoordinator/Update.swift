// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// A disruptive change that somebody wants to make.
public struct Update: Hashable, Sendable {
    public var id: String
    /// Why it is made, for the components and the history.
    public var reason: String?
    /// It restarts the nucleus, and with it all components.
    public var restartsNucleus: Bool
    /// The components that it concerns; empty = all.
    public var components: [String]

    public init(
        _ id: String,
        reason: String? = nil,
        restartsNucleus: Bool = false,
        components: [String] = []
    ) {
        self.id = id
        self.reason = reason
        self.restartsNucleus = restartsNucleus
        self.components = components
    }
}

/// How long a gate waits for whom. What is nil has the broker's default.
public struct GatePolicy: Hashable, Sendable {
    public enum OnSilence: String, Hashable, Sendable {
        case proceed
        case refuse
    }

    /// How long a component may take to answer.
    public var responseTimeout: Duration?
    /// When the gate opens at the latest.
    public var deadline: Duration?
    /// The longest deferral that one answer is granted.
    public var maximumDeferral: Duration?
    /// How long one component may hold the update back in all.
    public var maximumTotalDeferral: Duration?
    /// What follows when a component does not answer in time.
    public var onSilence: OnSilence?
    /// Components that are waited for even while they are not there.
    public var required: [String] = []
    /// Nobody is told or asked.
    public var isSilent = false

    public init() {}
}

/// The gate is open.
public struct Release: Hashable, Sendable {
    /// On what ground, from the weakest to the strongest.
    public enum Basis: String, Hashable, Sendable {
        case consent
        case silence
        case capped
        case deadline
        case forced
        case skipped
    }

    public let deploymentID: String
    public let basis: Basis
    public let waited: Duration
    public let participants: [String]
    /// Who did not answer.
    public let silent: [String]
    /// Whose deferral was cut off.
    public let overridden: [String]

    init(_ shape: ReleasedShape) {
        deploymentID = shape.deploymentID
        basis =
            switch shape.basis {
            case .consent: .consent
            case .silence: .silence
            case .capped: .capped
            case .deadline: .deadline
            case .forced: .forced
            case .skipped: .skipped
            }
        waited = .milliseconds(shape.waitedMs)
        participants = shape.participants
        silent = shape.silent
        overridden = shape.overridden
    }
}

/// Who still holds an update back.
public struct GateProgress: Hashable, Sendable {
    public let participants: Int
    public let blockedBy: [String]

    init(_ shape: UpdateShape) {
        participants = shape.participants.count
        blockedBy = shape.blockedBy
    }
}

/// Why a gate did not open.
public struct GateError: Error, Hashable, Sendable {
    @nonexhaustive
    public enum Code: Hashable, Sendable {
        case refused
        case cancelled
        /// The broker cannot be reached, or does not let this process in.
        case noBroker
        /// The broker does not take the request.
        case rejected
    }

    public let code: Code
    public let message: String
}
