// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveProtocol
internal import Tokens

/// What the service manager has kept for an earlier broker.
package struct FoundConnections: Sendable {
    package var clients: [PeerID: Credentials]
    /// The connections to the upstream, by those of their clients.
    package var upstreams: [PeerID: PeerID]

    package init(clients: [PeerID: Credentials] = [:], upstreams: [PeerID: PeerID] = [:]) {
        self.clients = clients
        self.upstreams = upstreams
    }
}

/// What a broker goes on from: the content of both files.
struct Recollection {
    let journal: FileContent
    let state: FileContent

    init(_ files: [StoredFile: FoundFile], _ settings: BrokerSettings, at reading: Reading) {
        let (now, journal, state) = (reading.now, files[.journal]?.bytes, files[.state]?.bytes)
        self.journal = FileContent(journal ?? [], settings, outlivesBoot: false, at: now)
        self.state = FileContent(state ?? [], settings, outlivesBoot: true, at: now)
    }

    /// When this boot began, as it was known at the release of each update.
    var bootTimes: [DeploymentID: Duration] {
        let older = state.isOfThisBoot ? state.bootTimes : [:]
        return journal.isOfThisBoot ? older.merging(journal.bootTimes) { $1 } : older
    }

    /// The connections that go on. Of a component with several processes all do, or none: what one
    /// of them says must not count for another that is about to return.
    func connections(
        _ kept: FoundConnections,
        _ settings: BrokerSettings
    ) -> [PeerID: KeptConnection] {
        let whole = wholeConnections(kept, settings)
        let subscribed = journal.connections.filter { $0.value.isSubscribed }
        let split = Dictionary(grouping: subscribed, by: \.value.name).filter { _, connections in
            Set(connections.map(\.value.credentials.process)).count > 1
                && connections.contains { whole[$0.key] == nil }
        }
        return whole.filter { !$0.value.isSubscribed || split[$0.value.name] == nil }
    }

    /// Of each the descriptor was kept, and a record, and it is one that this broker would accept.
    private func wholeConnections(
        _ kept: FoundConnections,
        _ settings: BrokerSettings
    ) -> [PeerID: KeptConnection] {
        guard journal.isOfThisBoot else { return [:] }
        return journal.connections.filter { id, connection in
            guard let found = kept.clients[id], connection.isWhole, connection.isOf(found),
                connection.upstream?.peer == kept.upstreams[id]
            else { return false }
            return settings.accepts(connection)
        }
    }

    /// The journal knows best. Only where it could not be written does the state file know more.
    func restored(at reading: Reading) -> Restored {
        let older = state.restored
        guard journal.isKnown else { return older }
        var restored = journal.restored
        for (id, var update) in older.updates {
            let known = restored.updates[id]
            update.coordinators = known?.coordinators ?? []
            update.formerProcesses = known?.formerProcesses ?? update.formerProcesses
            let isOver = known.map(\.isOver) ?? restored.ended.contains { $0.id == id }
            guard !isOver, known == nil || known?.announced == update.announced else { continue }
            restored.updates[id] = update
        }
        for (id, end) in older.ended where !restored.ended.contains(where: { $0.id == id }) {
            guard let known = restored.updates[id], known.announced < end.at else { continue }
            restored.updates[id] = nil
            restored.ended.append((id, end))
            for (name, posts) in older.owed {
                restored.owed[name, default: []] += posts.filter { $0.post.deploymentID == id }
            }
        }
        if journal.isOfThisBoot, let asleep = journal.asleep {
            let slept = reading.asleep - asleep
            if slept >= Limits.shortestSleep { restored.slept = slept }
        }
        return restored
    }
}

extension Update {
    /// All that is left of it is its posts.
    fileprivate var isOver: Bool {
        if case .ended = phase { true } else { false }
    }
}

extension KeptConnections {
    init(_ connections: [PeerID: KeptConnection]) {
        self.init()
        peers = Set(connections.keys)
        for (peer, connection) in connections.sorted(by: { $0.key < $1.key }) {
            for stream in connection.streams where stream.isSubscription {
                let subscription = Subscription(
                    stream: StreamID(peer, stream.number),
                    component: connection.name,
                    confirm: stream.confirm,
                    process: connection.credentials.process
                )
                subscriptions.append(subscription)
            }
        }
    }
}

extension BrokerSettings {
    /// The operator may have changed them while no broker ran.
    fileprivate func accepts(_ connection: KeptConnection) -> Bool {
        if let kept = connection.upstream, kept.socket != upstream?.socket { return false }
        let digest = connection.token.map { SHA256(hexadecimal: $0) }
        if let digest, digest.flatMap({ tokens.component(of: $0) }) != connection.name {
            return false
        }
        let isKnown = digest != nil
        return !connection.isSubscribed
            || negotiation.maySubscribe(connection.name, isKnown: isKnown)
    }
}

extension KeptConnection {
    fileprivate var isSubscribed: Bool { streams.contains(where: \.isSubscription) }
}

extension KeptConnection.Stream {
    fileprivate var isSubscription: Bool { operation == .subscribeToComponentUpdates }
}
