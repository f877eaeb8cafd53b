// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol

/// Something worth a line in the log.
package enum Note: Hashable, Sendable {
    package enum Level: Int, Comparable, Hashable, Sendable {
        case debug
        case info
        case warning

        package static func < (one: Level, other: Level) -> Bool {
            one.rawValue < other.rawValue
        }
    }

    case connected(ComponentName)
    case hungUp(ComponentName)
    case failed(ComponentName, String)
    case asked(DeploymentID, Credentials)
    case released(Release)
    case withdrawn(Withdrawal)
    case denied(Credentials, String)
    case turnedAway(UInt32, connections: Int)
    case violation(ComponentName, String)
    case doesNotRead(ComponentName)
    case saidNothing
    case revoked(ComponentName)

    package var level: Level {
        switch self {
        case .connected, .hungUp, .failed: .debug
        case .asked, .released, .withdrawn: .info
        case .denied, .turnedAway, .violation, .doesNotRead, .saidNothing,
            .revoked:
            .warning
        }
    }

    package var text: String {
        switch self {
        case .connected(let name): "\(shown(name)) connected"
        case .hungUp(let name): "\(shown(name)) hung up"
        case .failed(let name, let why): "\(shown(name)) was refused: \(why)"
        case .asked(let id, let who): "update \(quoted(id)) is announced by \(who.text)"
        case .released(let release):
            "update \(quoted(release.deploymentID)) is released: "
                + BasisWord(release.basis).rawValue + after(release)
        case .withdrawn(let withdrawal):
            "update \(quoted(withdrawal.deploymentID)) is withdrawn by "
                + "\(quoted(withdrawal.by)): \(quoted(withdrawal.reason))"
        case .denied(let who, let why): "a connection of \(who.text) is denied: \(why)"
        case .turnedAway(let user, let connections):
            "a connection of uid \(user) is turned away: it has \(connections)"
        case .violation(let name, let why): "\(shown(name)) broke the protocol: \(why)"
        case .doesNotRead(let name): "\(shown(name)) does not read; hung up on it"
        case .revoked(let name): "\(shown(name)) has its token no longer; hung up on it"
        case .saidNothing: "a connection said nothing; hung up on it"
        }
    }

    private func shown(_ name: ComponentName) -> String {
        name.isEmpty ? "a client without a name" : name
    }

    private func after(_ release: Release) -> String {
        ", after \(release.waited.wholeMilliseconds) ms, \(release.participants.count) asked"
    }
}
