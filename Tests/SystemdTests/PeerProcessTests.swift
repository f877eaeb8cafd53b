// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite("A peer's process") struct PeerProcessTests {
    private let lookup = PeerLookup()

    @Test func `that lives in our namespace is neither contained nor gone`() throws {
        let peer = try Peer()
        let credentials = try peer.near.peerCredentials()
        let found = lookup.process(credentials.process, behind: peer.near)
        #expect(!found.isContained && !found.hasExited && found.failure == nil)
    }

    @Test func `that the kernel does not know has no place`() {
        // A socket that is not connected has no peer.
        let alone = StreamSocket(owning: socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0))
        let found = lookup.process(Int32.max, behind: alone)
        // Linux before 6.5 knows at least that there is no such process.
        #expect(found.failure?.errno == ENODATA || found.hasExited)
    }

    @Test func `without a number of ours is contained, and not taken for ourselves`() throws {
        let peer = try Peer()
        for number: Int32 in [0, -1] {
            let found = lookup.process(number, behind: peer.near)
            #expect(found.isContained && found.unit == nil)
        }
    }

    @Test(.disabled(if: PeerLookup().hasUnits, "systemd runs here"))
    func `has no units where systemd does not run`() throws {
        let peer = try Peer()
        #expect(lookup.process(getpid(), behind: peer.near).unit == nil)
    }
}
