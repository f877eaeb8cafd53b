// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol

/// A connection as the log names it.
package struct PeerLabel: Hashable, Sendable {
    package var name: ComponentName
    package var credentials: Credentials

    var text: String {
        name.isEmpty ? "a client without a name (\(credentials.text))" : shown(name)
    }
}

/// An entry of the log.
package enum LogEntry: Hashable, Sendable {
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
    /// It answered and did not say for how long.
    case ignored(ComponentName, DeploymentID)
    case announced(DeploymentID, Disruption, Credentials)
    /// One more coordinator with the same request.
    case joined(DeploymentID, Credentials)
    case shutdown(DeploymentID, Shutdown)
    case deferred(Answer, Grant)
    /// A deferral was cut by the machine's limit for shutdowns.
    case shutdownIsShort(Answer, Grant)
    case forced(DeploymentID, Force)
    /// The gate opened though a component was silent, or still wanted time.
    case passedOver(DeploymentID, ComponentName, ParticipantState)
    case released(Release)
    case ended(DeploymentID, Update.Ending)
    case denied(Credentials, String)
    /// A connection was not let in.
    case refused(AccountID, String)
    case violation(PeerLabel, String)
    case doesNotRead(PeerLabel)
    case noHandshake(PeerLabel)
    case partialFrame(PeerLabel)
    /// The connections of an account need more memory than they may.
    case keepsTooMuch(PeerLabel, AccountID, limit: Int)
    case revoked(PeerLabel)
    /// Connections of the broker before this one that go on, of those that are known of.
    case tookBack(Int, of: Int)
    /// So many connections are kept for the next broker that further ones are not.
    case keepsNoMore(AccountID, Int)
    /// A connection got its name although its token is not known.
    case unknownToken(PeerLabel)
    /// The upstream ended a connection that it had accepted.
    case lostUpstream(PeerLabel, String)
    /// So many entries like this one were left out.
    indirect case repeated(LogEntry, count: Int)
    case notWritten(StoredFile, StorageFailure)
    case writtenAgain(StoredFile, path: String)
    /// What is wrong with a file that was read at the start.
    case damaged(path: String, String)

    package var level: Level {
        switch self {
        case .connected, .hungUp, .failed, .ignored: .debug
        case .announced, .joined, .shutdown, .deferred, .forced, .released, .ended,
            .writtenAgain, .tookBack, .keepsNoMore:
            .info
        case .passedOver, .shutdownIsShort, .denied, .refused, .violation, .doesNotRead,
            .noHandshake, .partialFrame, .keepsTooMuch, .revoked, .lostUpstream, .unknownToken,
            .repeated,
            .notWritten, .damaged:
            .warning
        }
    }

    package var text: String {
        switch self {
        case .connected(let name): "\(shown(name)) connected"
        case .hungUp(let name): "\(shown(name)) hung up"
        case .failed(let name, let why): "refused a request of \(shown(name)): \(why)"
        case .ignored(let name, let id):
            "ignored an answer of \(shown(name)) to update \(quoted(id)): it has no recheckAfterMs"
        case .announced(let id, _, let who): "update \(quoted(id)) was announced by \(who.text)"
        case .joined(let id, let who): "update \(quoted(id)) was joined by \(who.text)"
        case .shutdown(let id, let shutdown):
            "the machine is shutting down; logind waits for update \(quoted(id)) for at most "
                + "\(shutdown.limit.wholeMilliseconds) ms"
        case .deferred(let answer, let grant): deferred(answer, grant)
        case .shutdownIsShort(let answer, let grant):
            "\(shown(answer.component)) needs \(answer.deferral.wholeMilliseconds) ms, and the "
                + "machine waits \(grant.granted.wholeMilliseconds) ms more; InhibitDelayMaxSec= "
                + "in /etc/systemd/logind.conf.d/zz-reprieve.conf would let it wait longer"
        case .forced(let id, let force):
            "update \(quoted(id)) was forced by \(quoted(force.by)): \(quoted(force.reason))"
        case .passedOver(let id, let name, .overridden):
            "update \(quoted(id)) goes ahead although \(shown(name)) wanted more time"
        case .passedOver(let id, let name, _):
            "update \(quoted(id)) goes ahead without an answer from \(shown(name))"
        case .released(let release): released(release)
        case .ended(let id, let ending): "update \(quoted(id)) \(ending.text)"
        case .denied(let who, let why): "denied a connection from \(who.text): \(why)"
        case .refused(let who, let why): "refused a connection from \(who.text): \(why)"
        case .violation(let peer, let why): "\(peer.text) broke the protocol: \(why)"
        case .doesNotRead(let peer): "closed the connection of \(peer.text): it does not read"
        case .noHandshake(let peer): "closed the connection of \(peer.text): it sent no CONNECT"
        case .partialFrame(let peer):
            "closed the connection of \(peer.text): it sent part of a frame and not the rest"
        case .keepsTooMuch(let peer, let who, let limit):
            "closed the connection of \(peer.text): \(limit) bytes wait for the connections of "
                + "\(who.text), or for the rest of their frames"
        case .revoked(let peer): "closed the connection of \(peer.text): its token was revoked"
        case .tookBack(let count, let known):
            "took back \(count) of \(known) connections from the service manager"
        case .keepsNoMore(let who, let count):
            "further connections of \(who.text) end when this process does: the service manager "
                + "keeps \(count), and has no room for more of its"
        case .unknownToken(let peer): "\(peer.text) sent a token that is not known"
        case .lostUpstream(let peer, let why): "closed the connection of \(peer.text): \(why)"
        case .repeated(let entry, let count): "\(count) more like this: \(entry.text)"
        case .notWritten(let file, let failure):
            "\(failure.message); until that works, \(file.loss) loses what is new"
        case .writtenAgain(_, let path): "\(path) is written again"
        case .damaged(let path, let finding): "\(path): \(finding)"
        }
    }

    private func deferred(_ answer: Answer, _ grant: Grant) -> String {
        let reason = answer.message.map { ": " + quoted($0) } ?? ""
        return "\(shown(answer.component)) deferred update \(quoted(answer.deploymentID)) by "
            + "\(grant.granted.wholeMilliseconds) ms" + reason
    }

    private func released(_ release: Release) -> String {
        "update \(quoted(release.deploymentID)) was released on \(release.basis.rawValue) after "
            + "\(release.waited.wholeMilliseconds) ms, \(release.participants.count) asked"
    }
}

private func shown(_ name: ComponentName) -> String {
    name.isEmpty ? "a client without a name" : name
}

extension Update.Ending {
    fileprivate var text: String {
        switch self {
        case .completed(let outcome, let message):
            "was completed: " + outcome.rawValue + (message.map { ", " + quoted($0) } ?? "")
        case .cancelled(let withdrawal):
            "was cancelled by \(quoted(withdrawal.by)): \(quoted(withdrawal.reason))"
        case .refused(let withdrawal): "was refused: " + quoted(withdrawal.reason)
        case .unknown: "was not completed in time; its outcome is unknown"
        }
    }
}

extension StoredFile {
    /// What loses the records that could not be written.
    fileprivate var loss: String {
        self == .state ? "a reboot" : "a crash of this process"
    }
}
