// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// What the connections of one user or service use at one socket.
package struct AccountShape: Shape {
    package enum Socket: String, CaseIterable, Hashable, Sendable {
        case components
        case control
    }

    package var uid: Int64
    /// The system's service; nil where the account is the user's.
    package var service: String?
    package var socket: Socket
    package var connections: UsageShape
    /// Connections that are not accepted yet.
    package var handshakes: UsageShape
    /// Bytes that wait.
    package var bytes: UsageShape
    /// Subscriptions of the component that has the most.
    package var subscriptions: UsageShape
    /// Components that are subscribed, or take part in an update.
    package var components: UsageShape
    /// Components that posts are owed to; nil where the account has no unit.
    package var owed: UsageShape?
    /// What it was refused for a limit, since its first connection.
    package var refusals: Int64

    package init(
        uid: Int64,
        service: String?,
        socket: Socket,
        connections: UsageShape,
        handshakes: UsageShape,
        bytes: UsageShape,
        subscriptions: UsageShape,
        components: UsageShape,
        owed: UsageShape?,
        refusals: Int64
    ) {
        self.uid = uid
        self.service = service
        self.socket = socket
        self.connections = connections
        self.handshakes = handshakes
        self.bytes = bytes
        self.subscriptions = subscriptions
        self.components = components
        self.owed = owed
        self.refusals = refusals
    }

    package init(decoding json: JSON) throws(JSONError) {
        uid = try json.integer("uid") ?? 0
        service = try json.string("service")
        socket = try json.string("socket").flatMap(Socket.init) ?? .components
        connections = try json.usage("connections") ?? UsageShape()
        handshakes = try json.usage("handshakes") ?? UsageShape()
        bytes = try json.usage("bytes") ?? UsageShape()
        subscriptions = try json.usage("subscriptions") ?? UsageShape()
        components = try json.usage("components") ?? UsageShape()
        owed = try json.usage("owed")
        refusals = try json.integer("refusals") ?? 0
    }

    package func write(to object: inout ObjectWriter) {
        object.member("uid", uid)
        object.member("service", service)
        object.member("socket", socket.rawValue)
        object.member("connections", connections)
        object.member("handshakes", handshakes)
        object.member("bytes", bytes)
        object.member("subscriptions", subscriptions)
        object.member("components", components)
        object.member("owed", owed)
        object.member("refusals", refusals)
    }

    /// How much of a limit is used, of the one that is nearest.
    package var load: Double {
        let usages = [connections, handshakes, bytes, subscriptions, components, owed]
        return usages.lazy.compactMap { $0?.load }.max() ?? 0
    }
}

/// How much is used, and how much may be.
package struct UsageShape: Shape {
    package var used: Int64
    /// Nil where nothing limits it.
    package var limit: Int64?

    package init(used: Int64 = 0, limit: Int64? = nil) {
        self.used = used
        self.limit = limit
    }

    package init(decoding json: JSON) throws(JSONError) {
        used = try json.integer("used") ?? 0
        limit = try json.integer("limit")
    }

    package func write(to object: inout ObjectWriter) {
        object.member("used", used)
        object.member("limit", limit)
    }

    var load: Double { limit.map { Double(used) / Double(max(1, $0)) } ?? 0 }
}

extension JSON {
    fileprivate func usage(_ name: String) throws(JSONError) -> UsageShape? {
        guard let object = try object(name) else { return nil }
        return try UsageShape(decoding: object)
    }
}
