// SPDX-License-Identifier: Apache-2.0

package import Negotiation
internal import ReprieveBroker
package import ReprieveProtocol

// What clients say to the broker.

extension BrokerHarness {
    /// A subscribed component of a service of another user's manager.
    package mutating func component(_ name: String, ofUser user: UInt32) -> PeerID {
        let place = Place(unit: "user@\(user).service")
        let peer = enter(at: .components, user: user, place: place)
        say(peer) { $0.connect(ConnectRequest(componentName: name)) }
        ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
        return peer
    }

    /// Makes a request, and returns the number of its stream.
    @discardableResult
    package mutating func ask(
        _ peer: PeerID,
        _ operation: Operation,
        _ shape: some Shape
    ) -> Int32 {
        ask(peer, operation, payload: shape.encoded())
    }

    @discardableResult
    package mutating func ask(
        _ peer: PeerID,
        _ operation: Operation,
        payload: [UInt8]
    ) -> Int32 {
        var stream: Int32 = 0
        say(peer) { connection in
            let request = connection.request(operation, payload)
            stream = request.stream
            return request.frame
        }
        return stream
    }

    @discardableResult
    package mutating func answer(
        _ peer: PeerID,
        _ id: String,
        _ milliseconds: Int64,
        round: Int64? = nil,
        message: String? = nil
    ) -> Int32 {
        let request = DeferRequest(
            deploymentID: id,
            recheckAfterMs: milliseconds,
            message: message,
            round: round
        )
        return ask(peer, .deferComponentUpdate, request)
    }

    /// Makes a request whose frame arrives cut in two.
    package mutating func askInPieces(
        _ peer: PeerID,
        _ operation: Operation,
        _ shape: some Shape,
        _ dice: inout some RandomNumberGenerator
    ) {
        guard var connection = clients[peer]?.connection else { return }
        let (_, frame) = connection.request(operation, shape.encoded())
        performer.host.clients[peer]?.connection = connection
        let cut = Int.random(in: 1..<frame.count, using: &dice)
        sendBytes(Array(frame[..<cut]), from: peer)
        sendBytes(Array(frame[cut...]), from: peer)
    }

    package mutating func close(_ peer: PeerID, _ stream: Int32) {
        say(peer) { $0.close(stream) ?? [] }
    }

    package mutating func say(
        _ peer: PeerID,
        _ words: (inout ClientConnection) -> [UInt8]
    ) {
        sendBytes(frame(of: peer, words), from: peer)
    }

    /// What a client says, for a turn that handles more than that.
    package mutating func frame(
        of peer: PeerID,
        _ words: (inout ClientConnection) -> [UInt8]
    ) -> [UInt8] {
        guard clients[peer] != nil else { return [] }
        return words(&performer.host.clients[peer, default: SimulatedClient()].connection)
    }

    package mutating func sendBytes(_ bytes: [UInt8], from peer: PeerID) {
        performer.host.clients[peer]?.unread += bytes
        readOn(peer)
    }

    /// Has the broker read what a client has written, as far as it wants to.
    mutating func readOn(_ peer: PeerID) {
        while let client = clients[peer], !client.unread.isEmpty, !client.isPaused {
            let piece = Array(client.unread.prefix(Self.pieceOfRead))
            performer.host.clients[peer]?.unread.removeFirst(piece.count)
            turn(.received(piece, from: peer))
        }
    }

    /// How much the daemon reads at once, of a frame or of many.
    private static let pieceOfRead = 16 * 1_024
}
