// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Whose connections share limits, and turns: those of a user, or of a system service, at one
/// socket.
package struct AccountID: Hashable, Sendable {
    package var endpoint: Endpoint
    package var user: UInt32
    /// Nil where the process belongs to none, or to a service of a user's own manager.
    package var service: String?

    package init(_ endpoint: Endpoint, _ credentials: Credentials) {
        self.endpoint = endpoint
        user = credentials.user
        service = credentials.place.systemService
    }

    /// Of a user whose processes are not looked up.
    init(_ endpoint: Endpoint, user: UInt32) {
        self.endpoint = endpoint
        self.user = user
    }

    /// For logs: `uid 33 in "nginx.service"`.
    var text: String { "uid \(user)" + (service.map { " in " + quoted($0) } ?? "") }
}

/// What the connections of one account use now.
struct Account: Sendable {
    let id: AccountID
    var connections = 0
    var handshakes = 0
    var bytes = 0
    /// Connections that the service manager keeps.
    var kept = 0
    var keepsAsOwn = false
    /// What it was refused for a limit since its first connection.
    var refusals = 0
}

/// The accounts that have a connection.
struct AccountTable: Sendable {
    private var accounts: [Account] = []
    private var places: [AccountID: Int] = [:]
    private var freePlaces: [Int] = []
    /// Connections at the component socket, of all accounts.
    private(set) var componentConnections = 0
    /// Bytes of all accounts.
    private(set) var bytes = 0
    /// Connections of all accounts that the service manager keeps.
    private(set) var kept = 0
    /// Those of users other than the broker's own.
    private(set) var keptOfOthers = 0

    subscript(place: Int) -> Account { accounts[place] }

    /// Those that have a connection, by their places.
    var connected: [(place: Int, account: Account)] { places.values.map { ($0, accounts[$0]) } }

    func account(_ id: AccountID) -> Account {
        places[id].map { accounts[$0] } ?? Account(id: id)
    }

    /// Adds a connection, in its handshake, and returns the place of its account.
    mutating func connect(_ id: AccountID) -> Int {
        let place = places[id] ?? makePlace(for: id)
        accounts[place].connections += 1
        accounts[place].handshakes += 1
        if id.endpoint == .components { componentConnections += 1 }
        return place
    }

    private mutating func makePlace(for id: AccountID) -> Int {
        let place = freePlaces.popLast() ?? accounts.count
        if place == accounts.count { accounts.append(Account(id: id)) }
        accounts[place] = Account(id: id)
        places[id] = place
        return place
    }

    /// An account without a connection is not kept for a refusal.
    mutating func noteRefusal(_ id: AccountID) {
        if let place = places[id] { accounts[place].refusals += 1 }
    }

    /// Counts the connection to the upstream, which one of the account's needs besides itself.
    mutating func addUpstream(_ place: Int) {
        accounts[place].connections += 1
        componentConnections += 1
    }

    mutating func endHandshake(_ place: Int) { accounts[place].handshakes -= 1 }

    mutating func add(bytes more: Int, to place: Int) {
        accounts[place].bytes += more
        bytes += more
    }

    mutating func keep(_ place: Int, isOwn: Bool) {
        accounts[place].keepsAsOwn = isOwn
        countKept(place, by: 1)
    }

    private mutating func countKept(_ place: Int, by step: Int) {
        accounts[place].kept += step
        kept += step
        if !accounts[place].keepsAsOwn { keptOfOthers += step }
    }

    mutating func disconnect(_ place: Int, isKept: Bool = false) {
        let id = accounts[place].id
        accounts[place].connections -= 1
        if isKept { countKept(place, by: -1) }
        if id.endpoint == .components { componentConnections -= 1 }
        guard accounts[place].connections == 0 else { return }
        places[id] = nil
        freePlaces.append(place)
    }
}

// MARK: - The broker's accounts

extension Broker {
    /// Why a new connection is not let in; nil if it is.
    func whyRefused(_ id: AccountID) -> String? { whyNoRoom(id) ?? whyNoHandshake(id) }

    private func whyNoHandshake(_ id: AccountID) -> String? {
        let (account, limits) = (accounts.account(id), settings.limits(of: id))
        if account.handshakes >= limits.handshakes {
            return "\(account.handshakes) of its connections have not sent CONNECT yet, the "
                + "maximum is \(limits.handshakes)"
        }
        return nil
    }

    /// Why there is no room for one more connection, its own or one to the upstream.
    func whyNoRoom(_ id: AccountID) -> String? {
        let (account, limits) = (accounts.account(id), settings.limits(of: id))
        if account.connections >= limits.connections {
            return "it has \(account.connections) connections, the maximum is \(limits.connections)"
        }
        guard id.endpoint == .components else { return nil }
        let isOwn = id.user == settings.user
        let room =
            isOwn
            ? settings.limits.componentConnections : settings.limits.componentConnectionsOfOthers
        guard accounts.componentConnections >= room else { return nil }
        return "\(accounts.componentConnections) components are connected, the maximum is \(room)"
    }

    /// Charges a peer's account for the bytes that are kept for it, and closes the connection if
    /// they are too many.
    mutating func chargeBytes(ofPeerAt index: Int, at now: Instant) {
        let kept = peers[index].keptBytes + keptUpstreamBytes(ofPeerAt: index)
        guard kept != peers[index].chargedBytes else { return }
        let place = peers[index].account
        accounts.add(bytes: kept - peers[index].chargedBytes, to: place)
        peers[index].chargedBytes = kept
        let account = accounts[place]
        let limit = settings.limits(of: account.id).bytes
        guard kept > 0, account.bytes > limit else { return }
        accounts.noteRefusal(account.id)
        auditLog.note(.keepsTooMuch(peers[index].label, account.id, limit: limit))
        close(peers.id(at: index), at: now)
    }
}

extension BrokerSettings {
    /// The processes that may open the control socket, and those of the broker's own user, could
    /// do more than exhaust the broker.
    func limits(of id: AccountID) -> AccountLimits {
        id.endpoint == .control || id.user == user ? limits.ownAccount : limits.account
    }

    /// Connections of a user that may wait until their processes are looked up.
    package func waitingLimit(ofUser user: UInt32) -> Int {
        (user == self.user ? limits.ownAccount : limits.account).connections
    }
}
