// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd
import Testing

@Suite struct `A peer's process` {
    private let lookup = PeerLookup()

    @Test func `that lives in our namespace is neither contained nor gone`() throws {
        let peer = try Peer()
        let credentials = try peer.near.peerCredentials()
        let found = try lookup.process(credentials.process, behind: peer.near)
        #expect(!found.isContained && !found.hasExited)
    }

    @Test func `without a number of ours is contained, and not taken for ourselves`() throws {
        let peer = try Peer()
        for number: Int32 in [0, -1] {
            let found = try lookup.process(number, behind: peer.near)
            #expect(found.isContained && found.unit == nil)
        }
    }

    @Test func `has no units where systemd does not run`() throws {
        guard !lookup.hasUnits else { return }
        let peer = try Peer()
        #expect(try lookup.process(getpid(), behind: peer.near).unit == nil)
    }
}
