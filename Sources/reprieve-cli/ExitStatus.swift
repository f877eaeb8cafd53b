// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveCoordinator
internal import Systemd

/// The exit codes, as in sysexits(3). This is the one table: `reprieve --help` prints it, and the
/// manual page is made from that.
enum ExitStatus: Int32, CaseIterable {
    case done = 0
    case failed = 1
    case componentsRestart = 10
    case nucleusRestarts = 11
    case mayReboot = 12
    case planRefused = 13
    case needsAttention = 14
    case wrongUsage = 64
    case conflict = 65
    case unknown = 66
    case unreachable = 69
    case fileError = 74
    case notNow = 75
    case cancelled = 76
    case notPermitted = 77
    case updateWaits = 79
    case notFound = 127
    case interrupted = 130

    /// Without a semicolon, which separates the rows.
    var meaning: String {
        switch self {
        case .done: "done"
        case .failed: "the update failed that another gate made"
        case .componentsRestart: "plan: components restart"
        case .nucleusRestarts: "plan: the nucleus and all components restart"
        case .mayReboot: "plan: a bootstrap step may reboot the machine"
        case .planRefused: "a device refuses the deployment"
        case .needsAttention: "check: something is not set up well"
        case .wrongUsage: "wrong usage, or a request that the broker does not accept as valid"
        case .conflict: "the update is in another state, or is announced with another request"
        case .unknown: "there is no such update or component, or the component has no token"
        case .unreachable: "the broker is not reachable"
        case .fileError: "a file cannot be read or written, or its content is not valid"
        case .notNow: "not now: the update was refused, too many updates wait, or one is under way"
        case .cancelled: "the update was cancelled"
        case .notPermitted: "not permitted"
        case .updateWaits: "an update waits, and COMMAND was not to begin meanwhile"
        case .notFound: "COMMAND was not found"
        case .interrupted: "interrupted by Ctrl-C"
        }
    }

    static var table: String {
        allCases.map { "\($0.rawValue) \($0.meaning)" }.joined(separator: "; ") + "."
    }
}

extension ExitStatus {
    init(_ code: GateError.Code) {
        self =
            switch code {
            case .invalid: .wrongUsage
            case .conflict: .conflict
            case .unknownUpdate, .unknownComponent: .unknown
            case .noBroker, .notABroker, .noAnswer, .connectionLost, .unreported: .unreachable
            case .refused, .rejected: .notNow
            case .cancelled: .cancelled
            case .notPermitted, .denied: .notPermitted
            }
    }

    init(_ error: SystemError) {
        switch error.errno {
        case _ where error.isHeld: self = .notNow
        case EPERM, EACCES, EROFS: self = .notPermitted
        default: self = .fileError
        }
    }
}
