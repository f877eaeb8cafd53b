// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("A stream socket") struct StreamSocketTests {
    var buffer = [UInt8](repeating: 0, count: 64)

    @Test mutating func `reading does not block`() throws {
        let peer = try Peer()
        #expect(peer.near.read(into: &buffer) == .wouldBlock)
        peer.say("four")
        #expect(peer.near.read(into: &buffer) == .bytes(4))
        #expect(buffer.starts(with: Array("four".utf8)))
        peer.hangUp()
        #expect(peer.near.read(into: &buffer) == .ended)
    }

    @Test mutating func `a peer that left without reading breaks the connection`() throws {
        let peer = try Peer()
        #expect(peer.near.write("unread") == .bytes(6))
        peer.hangUp()
        #expect(peer.near.read(into: &buffer) == .failed(ECONNRESET))
        #expect(peer.near.write("more") == .failed(EPIPE))
    }

    @Test func `writing does not block, and takes what fits`() throws {
        let peer = try Peer()
        let text = String(repeating: "x", count: 1 << 20)
        var outcomes: [StreamSocket.WriteOutcome] = []
        repeat { outcomes.append(peer.near.write(text)) } while outcomes.last != .wouldBlock
        #expect(outcomes.count >= 2)
        guard case .bytes(let count) = outcomes[0] else { return }
        #expect(count < text.utf8.count)
    }

    @Test func `the kernel says who connected`() throws {
        let peer = try Peer()
        let found = try peer.near.peerCredentials()
        #expect(found.process == getpid())
        #expect(found.user == getuid())
        #expect(found.group == getgid())
    }

    @Test func `connecting to nothing is an error with the path in it`() throws {
        let folder = try Folder()
        let error = #expect(throws: SystemError.self) {
            _ = try StreamSocket(connectingTo: folder / "none")
        }
        #expect(error?.errno == ENOENT)
        let path = folder / "none"
        #expect(error?.message == "cannot connect to \(path): No such file or directory (ENOENT)")
    }
}
