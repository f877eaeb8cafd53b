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
    case shutdown(DeploymentID, Shutdown)
    case deferred(Answer, Grant)
    /// An answer was cut by the machine's limit for shutdowns.
    case shutdownIsShort(Answer, Grant)
    case forced(DeploymentID, Force)
    /// Its gate opened though a component was silent, or still wanted time.
    case passedOver(DeploymentID, ComponentName, Participant.State)
    case released(Release)
    case ended(DeploymentID, Update.Ending)
    case denied(Credentials, String)
    case turnedAway(UInt32, connections: Int)
    case violation(ComponentName, String)
    case doesNotRead(ComponentName)
    case saidNothing
    case revoked(ComponentName)

    package var level: Level {
        switch self {
        case .connected, .hungUp, .failed: .debug
        case .asked, .shutdown, .deferred, .forced, .released, .ended: .info
        case .passedOver, .shutdownIsShort, .denied, .turnedAway, .violation, .doesNotRead,
            .saidNothing, .revoked:
            .warning
        }
    }

    package var text: String {
        switch self {
        case .connected(let name): "\(shown(name)) connected"
        case .hungUp(let name): "\(shown(name)) hung up"
        case .failed(let name, let why): "\(shown(name)) was refused: \(why)"
        case .asked(let id, let who): "update \(quoted(id)) is announced by \(who.text)"
        case .shutdown(let id, let shutdown):
            "the machine goes down, and waits for update \(quoted(id)) "
                + "\(shutdown.limit.wholeMilliseconds) ms at most"
        case .deferred(let answer, let grant): deferred(answer, grant)
        case .shutdownIsShort(let answer, let grant):
            "\(shown(answer.component)) needs \(answer.deferral.wholeMilliseconds) ms, and the "
                + "machine waits \(grant.granted.wholeMilliseconds) ms more; InhibitDelayMaxSec= "
                + "in /etc/systemd/logind.conf.d/zz-reprieve.conf would let it wait longer"
        case .forced(let id, let force):
            "update \(quoted(id)) is forced by \(quoted(force.by)): \(quoted(force.reason))"
        case .passedOver(let id, let name, .overridden):
            "update \(quoted(id)) goes ahead though \(shown(name)) wanted more time"
        case .passedOver(let id, let name, _):
            "update \(quoted(id)) goes ahead without an answer of \(shown(name))"
        case .released(let release):
            "update \(quoted(release.deploymentID)) is released: "
                + release.basis.rawValue + after(release)
        case .ended(let id, let ending): "update \(quoted(id)) \(Self.text(of: ending))"
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

    private func deferred(_ answer: Answer, _ grant: Grant) -> String {
        let reason = answer.message.map { ": " + quoted($0) } ?? ""
        return "\(shown(answer.component)) defers update \(quoted(answer.deploymentID)) by "
            + "\(grant.granted.wholeMilliseconds) ms" + reason
    }

    private static func text(of ending: Update.Ending) -> String {
        switch ending {
        case .completed(let outcome, let message):
            "is completed: " + outcome.rawValue
                + (message.map { ", " + quoted($0) } ?? "")
        case .cancelled(let withdrawal):
            "is cancelled by \(quoted(withdrawal.by)): \(quoted(withdrawal.reason))"
        case .refused(let withdrawal): "is refused: " + quoted(withdrawal.reason)
        case .unknown: "ended, and nobody has said how"
        }
    }

    private func after(_ release: Release) -> String {
        ", after \(release.waited.wholeMilliseconds) ms, \(release.participants.count) asked"
    }
}
