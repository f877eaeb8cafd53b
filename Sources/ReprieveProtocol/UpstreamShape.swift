// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// How the upstream is: a member of the status.
package struct UpstreamShape: Shape {
    package enum State: String, CaseIterable, Hashable, Sendable {
        /// It has let in no client yet.
        case unused
        /// It let in a client, and has not ended all connections since.
        case serving
        /// It denies clients, and has let in none since it was unreachable.
        case refusing
        /// Its socket could not be connected to, or it did not answer in time.
        case unreachable
        /// It ended the last of the connections that it had accepted, and has accepted none since.
        case lost
    }

    package var socket: String
    /// Nil for a state of a later version.
    package var state: State?
    /// Why it is not `serving`.
    package var message: String?
    package var connections: Int64
    /// Connections of clients that were denied because of it, since the start.
    package var refusals: Int64
    /// Accepted connections that it ended, since the start.
    package var losses: Int64

    package init(
        socket: String,
        state: State,
        message: String? = nil,
        connections: Int64 = 0,
        refusals: Int64 = 0,
        losses: Int64 = 0
    ) {
        self.socket = socket
        self.state = state
        self.message = message
        self.connections = connections
        self.refusals = refusals
        self.losses = losses
    }

    package init(decoding json: JSON) throws(JSONError) {
        socket = try json.requiredString("socket")
        state = State(rawValue: try json.requiredString("state"))
        message = try json.string("message")
        connections = try json.integer("connections") ?? 0
        refusals = try json.integer("refusals") ?? 0
        losses = try json.integer("losses") ?? 0
    }

    package func write(to object: inout ObjectWriter) {
        object.member("socket", socket)
        object.member("state", state?.rawValue)
        object.member("message", message)
        object.member("connections", connections)
        object.member("refusals", refusals)
        object.member("losses", losses)
    }
}
