// SPDX-License-Identifier: Apache-2.0

import Glibc
import Negotiation
import ReprieveBroker
import Systemd

/// The sockets of the peers: what arrives becomes inputs of the broker, what the broker writes
/// leaves through them.
final class PeerSockets {
    /// A peer's socket, and what the poll tells of it.
    private final class Connection {
        let name: KeptDescriptor.Name
        let socket: StreamSocket
        let group: PeerGroup
        /// The socket is full, until the poll tells that it takes bytes again.
        var awaitsRoom = false
        /// The broker wants to hear nothing of it.
        var isPaused = false
        /// The service manager keeps it.
        var isKept = false

        init(
            _ name: KeptDescriptor.Name,
            _ socket: consuming StreamSocket,
            _ group: PeerGroup
        ) {
            self.name = name
            self.socket = socket
            self.group = group
        }

        var peer: PeerID { name.peer }
    }

    private let groups: PeerGroups
    private let lookup: PeerLookup
    private let store: ConnectionStore
    private let log: Log
    /// By the slots of their numbers.
    private var connections: [Connection?] = []
    private var numbers = PeerNumbers()
    private var received: (Broker.Input) -> Void = { _ in }
    /// Logged once, until a look-up succeeds again.
    private var hasLoggedFailure = false
    /// Logged once, until a connection is taken again.
    private var hasLoggedRefusal = false
    /// All peers are read into it.
    private var buffer = [UInt8](repeating: 0, count: 16 * 1_024)

    init(_ poll: PeerPoll, _ lookup: PeerLookup, _ store: ConnectionStore, _ log: Log) {
        groups = PeerGroups(poll, room: DescriptorShares.accounts)
        self.lookup = lookup
        self.store = store
        self.log = log
        poll.onReady { [unowned self] token, readiness in serve(PeerID(token), readiness) }
    }

    /// Descriptors that the accounts of components may still take.
    var descriptorsLeft: Int { groups.descriptorsLeft }

    func onInput(_ handler: @escaping (Broker.Input) -> Void) { received = handler }

    func add(_ socket: consuming StreamSocket, at endpoint: Endpoint) {
        let peer = numbers.take()
        guard let credentials = watch(socket, of: peer, at: endpoint) else { return }
        received(.connected(peer, endpoint, credentials))
    }

    /// Takes back the connections that the service manager has kept.
    func takeBack() -> FoundConnections {
        var found = FoundConnections()
        let kept = store.takeKept()
        for one in kept { numbers.take(one.peer) }
        for one in kept {
            guard case .client(let endpoint) = one.name.role else { continue }
            let socket = StreamSocket(owning: one.descriptor)
            found.clients[one.peer] = watch(socket, of: one.peer, at: endpoint)
            connection(of: one.peer)?.isKept = true
        }
        for one in kept {
            guard case .upstream(let client) = one.name.role else { continue }
            let isFirst = found.upstreams[client] == nil
            if takeBackUpstream(one, of: isFirst ? client : nil) {
                found.upstreams[client] = one.peer
            }
        }
        return found
    }

    /// Closes it where its client is not there any more, or has another one.
    private func takeBackUpstream(_ kept: KeptDescriptor, of client: PeerID?) -> Bool {
        do throws(SystemError) {
            guard let client, let group = connection(of: client)?.group else {
                numbers.giveBack(kept.peer)
                kept.discard()
                return false
            }
            let socket = StreamSocket(owning: kept.descriptor)
            try insert(kept.name, socket, group)
            connection(of: kept.peer)?.isKept = true
            return true
        } catch {
            numbers.giveBack(kept.peer)
            log.write(.warning, error.message)
            return false
        }
    }

    /// Returns nil, and closes the socket, where that does not work.
    private func watch(
        _ socket: consuming StreamSocket,
        of peer: PeerID,
        at endpoint: Endpoint
    ) -> Credentials? {
        do throws(SystemError) {
            let credentials = try credentials(of: socket)
            let group = try groups.group(of: AccountID(endpoint, credentials))
            defer { groups.removeIfEmpty(group) }
            try insert(KeptDescriptor.Name(role: .client(endpoint), peer: peer), socket, group)
            hasLoggedRefusal = false
            return credentials
        } catch {
            numbers.giveBack(peer)
            if !hasLoggedRefusal { log.write(.warning, error.message) }
            hasLoggedRefusal = true
            return nil
        }
    }

    /// Has the service manager keep a connection for the next broker.
    func keep(_ peer: PeerID) {
        guard let connection = connection(of: peer) else { return }
        connection.isKept = true
        store.keep(connection.socket, connection.name)
    }

    /// Connects to the upstream. What arrives there takes turns with what the client sends.
    func openUpstream(at path: String, for client: PeerID) -> UpstreamOpening {
        guard let connection = connection(of: client) else { return .failed("the client is gone") }
        let peer = numbers.take()
        do throws(SystemError) {
            let socket = try StreamSocket(connectingTo: path)
            let name = KeptDescriptor.Name(role: .upstream(of: client), peer: peer)
            try insert(name, socket, connection.group)
            return .opened(peer)
        } catch {
            numbers.giveBack(peer)
            return error.errno == EAGAIN ? .busy : .failed(error.message)
        }
    }

    private func insert(
        _ name: KeptDescriptor.Name,
        _ socket: consuming StreamSocket,
        _ group: PeerGroup
    ) throws(SystemError) {
        try group.add(socket, token: name.peer.number)
        let slot = name.peer.slot
        while connections.count <= slot { connections.append(nil) }
        connections[slot] = Connection(name, socket, group)
    }

    private func credentials(
        of socket: borrowing StreamSocket
    ) throws(SystemError) -> Credentials {
        let peer = try socket.peerCredentials()
        let process = lookup.process(peer.process, behind: socket)
        if let failure = process.failure, !hasLoggedFailure {
            log.write(.warning, failure.message + "; such a process is known by a token only")
        }
        hasLoggedFailure = process.failure != nil
        return Credentials(process: peer.process, user: peer.user, place: Place(process))
    }

    private func connection(of peer: PeerID) -> Connection? {
        guard peer.slot < connections.count, let connection = connections[peer.slot],
            connection.peer == peer
        else { return nil }
        return connection
    }

    /// Returns how many bytes the broker gets to work at.
    private func serve(_ peer: PeerID, _ readiness: Readiness) -> Int {
        guard let connection = connection(of: peer) else { return 0 }
        // What a paused peer has sent waits in the broker.
        let waiting = connection.isPaused ? buffer.count : 0
        if connection.awaitsRoom, readiness.canWrite || readiness.isHungUp {
            received(.writable(peer))
        }
        guard readiness.canRead else { return waiting }
        store.markWork(for: peer)
        switch connection.socket.read(into: &buffer) {
        case .bytes(let count):
            received(.received(Array(buffer[..<count]), from: peer))
            return waiting + count
        case .wouldBlock: return 0
        case .ended, .failed:
            received(.hungUp(peer))
            return 0
        }
    }

    /// Returns how many bytes the socket took. A broken connection takes all: it is reported as
    /// ended once what the peer had sent is read.
    func write(_ bytes: Span<UInt8>, to peer: PeerID) -> Int {
        guard let connection = connection(of: peer) else { return bytes.count }
        switch connection.socket.write(bytes) {
        case .bytes(let count):
            awaitRoom(connection, count < bytes.count)
            return count
        case .wouldBlock:
            awaitRoom(connection, true)
            return 0
        case .failed:
            awaitRoom(connection, false)
            return bytes.count
        }
    }

    func pause(_ peer: PeerID, _ isPaused: Bool) {
        guard let connection = connection(of: peer) else { return }
        watch(connection, awaitsRoom: connection.awaitsRoom, isPaused: isPaused)
    }

    private func awaitRoom(_ connection: Connection, _ awaits: Bool) {
        watch(connection, awaitsRoom: awaits, isPaused: connection.isPaused)
    }

    private func watch(_ connection: Connection, awaitsRoom: Bool, isPaused: Bool) {
        guard awaitsRoom != connection.awaitsRoom || isPaused != connection.isPaused else { return }
        do throws(SystemError) {
            try connection.group.watch(
                connection.socket,
                token: connection.peer.number,
                reading: !isPaused,
                writing: awaitsRoom
            )
            connection.awaitsRoom = awaitsRoom
            connection.isPaused = isPaused
        } catch {
            log.write(.warning, error.message)
            received(.hungUp(connection.peer))
        }
    }

    func close(_ peer: PeerID) {
        guard let connection = connection(of: peer) else { return }
        connection.group.remove(connection.socket, token: peer.number)
        groups.removeIfEmpty(connection.group)
        if connection.isKept { connection.socket.shutDown() }
        connections[peer.slot] = nil
        numbers.giveBack(peer)
    }
}

extension Place {
    fileprivate init(_ process: PeerProcess) {
        self.init(
            unit: process.unit,
            userUnit: process.userUnit,
            isContained: process.isContained,
            hasExited: process.hasExited,
            isUnknown: process.failure != nil
        )
    }
}
