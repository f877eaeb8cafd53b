// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

@Suite("A poll of peers") struct PeerPollTests {
    let loop: EventLoop
    let peers: PeerPoll
    let group: PeerGroup

    init() throws {
        loop = try EventLoop()
        peers = try PeerPoll(on: loop)
        group = try peers.makeGroup()
    }

    @Test func `of a thousand peers that are ready each is heard before any is heard again`() throws
    {
        raiseDescriptorLimit()
        let ready = try (0..<1_000).map { try Peer($0) }
        var heard: [UInt64] = []
        for peer in ready { try group.add(peer.near, token: peer.token) }
        for peer in ready { peer.say("xx") }
        var one: [UInt8] = [0]
        peers.onReady { token, _ in
            heard.append(token)
            #expect(ready[Int(token)].near.read(into: &one) == .bytes(1))
            if heard.count == 2_000 { loop.exit() }
            return 1
        }
        try loop.runToExit()
        #expect(heard == Array(0..<1_000) + Array(0..<1_000))
    }

    @Test func `a group that sends much does not delay another group`() throws {
        // As if each had sent as much as a turn takes, and more.
        let heard = try heardUntilAnotherGroupSpeaks(taking: 64 * 1_024)
        #expect(heard.count <= 2 && heard.last == 99)
    }

    @Test func `many peers of a group that send little do not delay another group`() throws {
        let heard = try heardUntilAnotherGroupSpeaks(taking: 1)
        #expect(heard.count <= 17 && heard.last == 99)
    }

    /// Beside forty of one group, each of which has sent so many bytes.
    private func heardUntilAnotherGroupSpeaks(taking bytes: Int) throws -> [UInt64] {
        let busy = try (0..<40).map { try Peer($0) }
        for peer in busy { try group.add(peer.near, token: peer.token) }
        for peer in busy { peer.say() }
        let quiet = try Peer(99)
        let other = try peers.makeGroup()
        try other.add(quiet.near, token: 99)
        quiet.say()
        var heard: [UInt64] = []
        peers.onReady { token, _ in
            heard.append(token)
            if token == 99 { loop.exit() }
            return bytes
        }
        try loop.runToExit()
        return heard
    }

    @Test func `a group that has ended is not served`() throws {
        let peer = try Peer()
        var gone: PeerGroup? = try peers.makeGroup()
        try gone?.add(peer.near, token: 1)
        try group.add(peer.near, token: 2)
        peer.say()
        gone = nil
        peers.onReady { token, _ in
            #expect(token == 2)
            loop.exit()
            return 0
        }
        try loop.runToExit()
    }

    @Test func `a token may be any number`() throws {
        let peer = try Peer()
        try group.add(peer.near, token: .max)
        peer.say()
        peers.onReady { token, _ in
            #expect(token == .max)
            loop.exit()
            return 0
        }
        try loop.runToExit()
    }

    @Test func `a removed peer is not reported, though it was ready in the same batch`() throws {
        let ready = try (0..<10).map { try Peer($0) }
        var heard: [UInt64] = []
        for peer in ready { try group.add(peer.near, token: peer.token) }
        for peer in ready { peer.say() }
        peers.onReady { token, _ in
            heard.append(token)
            for peer in ready { group.remove(peer.near, token: peer.token) }
            return 0
        }
        loop.onTurnEnd { loop.exit() }
        try loop.runToExit()
        #expect(heard == [0])
    }

    @Test func `a hang-up is reported, and the last words can still be read`() throws {
        let peer = try Peer()
        var buffer = [UInt8](repeating: 0, count: 2)
        var outcomes: [StreamSocket.ReadOutcome] = []
        try group.add(peer.near, token: 1)
        peer.say("bye")
        peer.hangUp()
        peers.onReady { _, readiness in
            #expect(readiness.canRead && readiness.isHungUp && !readiness.canWrite)
            outcomes.append(peer.near.read(into: &buffer))
            if outcomes.last == .ended { loop.exit() }
            return 0
        }
        try loop.runToExit()
        #expect(outcomes == [.bytes(2), .bytes(1), .ended])
    }

    @Test func `a slow peer is reported when it takes bytes again`() throws {
        let peer = try Peer()
        let text = String(repeating: "all work and no play ", count: 100_000)
        var (sent, received) = (peer.near.writeAll(text.utf8), "")
        #expect(sent > 0 && sent < text.utf8.count)
        try group.add(peer.near, token: 1)
        try group.watch(peer.near, token: 1, reading: true, writing: true)
        peers.onReady { _, readiness in
            #expect(readiness.canWrite && !readiness.canRead)
            sent += peer.near.writeAll(text.utf8.dropFirst(sent))
            received += peer.listen()
            if received.utf8.count == text.utf8.count { loop.exit() }
            return 0
        }
        received += peer.listen()
        try loop.runToExit()
        #expect(received == text)
    }

    @Test func `a peer that takes bytes is not reported unless that was asked for`() throws {
        let peer = try Peer()
        try group.add(peer.near, token: 1)
        try group.watch(peer.near, token: 1, reading: true, writing: true)
        try group.watch(peer.near, token: 1, reading: true, writing: false)
        peers.onReady { _, _ in
            Issue.record("it was reported")
            loop.exit()
            return 0
        }
        try loop.runToExit(after: .milliseconds(5))
    }

    private func raiseDescriptorLimit() {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        limit.rlim_cur = max(limit.rlim_cur, min(limit.rlim_max, 4_096))
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

@Suite("Readiness to read") struct ReadinessTests {
    /// EPOLLIN, EPOLLERR and EPOLLHUP: the end of a connection is found by reading.
    @Test(arguments: [0x001, 0x008, 0x010] as [UInt32])
    func `includes the end of the connection`(events: UInt32) {
        #expect(Readiness(events: events).canRead)
    }
}
