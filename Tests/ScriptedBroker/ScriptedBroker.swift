// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import EventStream
internal import Glibc
package import ReprieveProtocol
internal import Synchronization

/// A broker that answers as its script says.
///
/// The script gets each event and returns the bytes to send; nil hangs up.
package final class ScriptedBroker: Sendable {
    package typealias Script =
        @Sendable (inout ServerConnection, ServerConnection.Event) -> [UInt8]?

    package let path: String
    /// All events, in order. The stream ends when the broker is stopped.
    package let heard: AsyncStream<ServerConnection.Event>
    private let hears: AsyncStream<ServerConnection.Event>.Continuation
    private let listener: Int32
    private let peers = Mutex<Set<Int32>>([])

    package init(_ script: @escaping Script) {
        path = Socket.freshPath()
        (heard, hears) = AsyncStream.makeStream()
        listener = Socket.listen(at: path)
        DispatchQueue(label: "scripted broker").async { [self] in
            while true {
                let socket = accept(listener, nil, nil)
                guard socket >= 0 else { break }
                peers.withLock { _ = $0.insert(socket) }
                DispatchQueue(label: "scripted connection").async { [self] in
                    play(script, on: socket)
                    peers.withLock { peers in
                        peers.remove(socket)
                        Socket.end(socket)
                    }
                }
            }
            close(listener)
            hears.finish()
        }
    }

    /// Hangs up, and takes no more connections. The socket's file stays, as after a crash.
    package func stop() {
        shutdown(listener, Int32(SHUT_RDWR))
        hangUp()
    }

    /// Ends the present connections, and takes others.
    package func hangUp() {
        peers.withLock { peers in
            for peer in peers { shutdown(peer, Int32(SHUT_RDWR)) }
        }
    }

    deinit { unlink(path) }

    private func play(_ script: Script, on socket: Int32) {
        var connection = ServerConnection()
        var decoder = FrameDecoder()
        while let bytes = Socket.receive(on: socket) {
            decoder.append(bytes)
            while let frame = try? decoder.next() {
                guard let event = connection.receive(frame) else { continue }
                hears.yield(event)
                guard let answer = script(&connection, event) else { return }
                Socket.send(answer, on: socket)
            }
        }
    }
}
