// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol

// The fields of an entry in the systemd journal. `Packaging/reprieve.catalog` explains messages.

extension LogEntry {
    /// The update that the entry is about.
    package var deploymentID: DeploymentID? {
        switch self {
        case .announced(let id, _, _), .joined(let id, _), .shutdown(let id, _),
            .forced(let id, _), .passedOver(let id, _, _), .ended(let id, _),
            .ignored(_, let id):
            id
        case .deferred(let answer, _), .shutdownIsShort(let answer, _): answer.deploymentID
        case .released(let release): release.deploymentID
        case .connected, .hungUp, .failed, .denied, .refused, .violation, .doesNotRead,
            .noHandshake, .partialFrame, .keepsTooMuch, .revoked, .tookBack, .keepsNoMore,
            .lostUpstream, .unknownToken, .repeated, .notWritten, .writtenAgain, .damaged:
            nil
        }
    }

    /// The component that the entry is about.
    package var component: ComponentName? {
        let name =
            switch self {
            case .connected(let name), .hungUp(let name), .failed(let name, _),
                .passedOver(_, let name, _), .ignored(let name, _):
                name
            case .violation(let peer, _), .doesNotRead(let peer), .noHandshake(let peer),
                .partialFrame(let peer), .keepsTooMuch(let peer, _, _), .revoked(let peer),
                .lostUpstream(let peer, _), .unknownToken(let peer):
                peer.name
            case .deferred(let answer, _), .shutdownIsShort(let answer, _): answer.component
            case .announced, .joined, .shutdown, .forced, .released, .ended, .denied,
                .refused, .tookBack, .keepsNoMore, .repeated, .notWritten, .writtenAgain, .damaged:
                ""
            }
        return name.isEmpty ? nil : name
    }

    /// What a new update stops.
    package var disruption: String? {
        switch self {
        case .announced(_, let disruption, _): disruption.rawValue
        case .shutdown(_, let shutdown): shutdown.kind.disruption.rawValue
        default: nil
        }
    }

    /// On what ground a gate opened.
    package var basis: String? {
        if case .released(let release) = self { release.basis.rawValue } else { nil }
    }

    /// What became of an update.
    package var outcome: String? {
        guard case .ended(let id, let ending) = self else { return nil }
        return ending.post(id).outcome.rawValue
    }

    /// The id of the kind of message, which never changes its meaning. Messages that an operator
    /// cannot act upon have none.
    package var messageID: String? {
        switch self {
        case .announced, .joined: "b98cbcfab0674553876d12db0663b5a0"
        case .shutdown: "9f1c1bb605464a64ae5990b907203752"
        case .deferred: "d4c73227aa7b41028dd6921c8e12ecb1"
        case .shutdownIsShort: "350d6770fe65481e84be50131e0eb5c3"
        case .forced: "ceefc5f2abeb4f149360a2006a425ba8"
        case .passedOver: "be9b51d15e43487a805f5c101a10540b"
        case .released: "717b64eaed6d48f7a6c1c65a9632edc3"
        case .ended: "74d119dd6721496c83efe9dcd3a0c9d6"
        case .denied: "a30e26d1055c40b1970b3bbc4521d020"
        case .lostUpstream: "d99760a00980475dabcbd8279a06765e"
        case .doesNotRead: "857fb53cf7c64271a89e6844227fbe95"
        case .connected, .hungUp, .failed, .ignored, .refused, .violation, .noHandshake,
            .partialFrame, .keepsTooMuch, .revoked, .tookBack, .keepsNoMore, .unknownToken,
            .repeated, .notWritten, .writtenAgain, .damaged:
            nil
        }
    }
}
