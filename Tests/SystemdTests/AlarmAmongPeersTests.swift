// SPDX-License-Identifier: Apache-2.0

import Systemd
import Testing

@Suite("An alarm among peers") struct AlarmAmongPeersTests {
    let loop: EventLoop
    let peers: PeerPoll
    let group: PeerGroup
    let alarm: Alarm
    let log = Log()

    init() throws {
        loop = try EventLoop()
        peers = try PeerPoll(on: loop)
        group = try peers.makeGroup()
        alarm = try Alarm(on: loop, hearingFirst: peers)
    }

    @Test func `every peer that is ready is heard before the alarm, in an earlier turn`() throws {
        let ready = try (1...3).map { try Peer($0) }
        for peer in ready { try group.add(peer.near, token: peer.token) }
        peers.onReady { token, _ in
            log.add("\(token): \(ready[Int(token) - 1].near.readText())")
            return 4
        }
        alarm.onFire {
            log.add("alarm")
            loop.exit()
        }
        loop.onTurnEnd { log.add("end") }
        for peer in ready { peer.say("word") }
        alarm.set(to: loop.now)
        try loop.runToExit()
        #expect(log.entries == ["1: word", "2: word", "3: word", "end", "alarm", "end"])
    }

    @Test(arguments: [nil, Duration.seconds(3600)])
    func `a word that makes the alarm needless stops it`(delay: Duration?) throws {
        let peer = try Peer()
        try group.add(peer.near, token: 1)
        peers.onReady { _, _ in
            log.add(peer.near.readText())
            alarm.set(to: delay.map { loop.now + $0 })
            return 5
        }
        alarm.onFire { log.add("alarm") }
        loop.onTurnEnd { loop.exit() }
        peer.say("ready")
        alarm.set(to: loop.now)
        try loop.runToExit()
        #expect(log.entries == ["ready"])
    }

    @Test func `a group that sends without end cannot keep another from being heard`() throws {
        let other = try peers.makeGroup()
        let busy = try (0..<300).map { try Peer($0) }
        for peer in busy { try group.add(peer.near, token: peer.token) }
        let quiet = try (1_000..<1_040).map { try Peer($0) }
        for peer in quiet { try other.add(peer.near, token: peer.token) }
        for peer in busy + quiet { peer.say() }
        var heard: Set<UInt64> = []
        var heardBusy = 0
        peers.onReady { token, _ in
            guard token >= 1_000 else {
                heardBusy += 1
                return 64 * 1_024
            }
            heard.insert(token)
            return quiet[Int(token) - 1_000].near.readText().utf8.count
        }
        alarm.onFire { loop.exit() }
        alarm.set(to: loop.now)
        try loop.runToExit()
        #expect(heard.count == 40)
        // One more turn than the alarm allows: the loop may have served the peers before it.
        #expect(heardBusy <= 300 / 16 + 3)
    }

    @Test func `an alarm that was moved lets no group have more than its turn`() throws {
        // The alarm hears the peers of one poll. Those of the other show how long that takes.
        let others = try PeerPoll(on: loop)
        let otherGroup = try others.makeGroup()
        let busy = try (0..<300).map { try Peer($0) }
        for peer in busy { try group.add(peer.near, token: peer.token) }
        let other = try Peer()
        try otherGroup.add(other.near, token: other.token)
        var (turns, mostTurns, othersTurns) = (0, 0, 0)
        peers.onReady { _, _ in
            turns += 1
            mostTurns = max(mostTurns, turns)
            return 16 * 1_024
        }
        others.onReady { _, _ in
            turns = 0
            othersTurns += 1
            if othersTurns == 10 { loop.exit() }
            return 16 * 1_024
        }
        for peer in busy + [other] { peer.say() }
        alarm.set(to: loop.now)
        alarm.set(to: loop.now + .seconds(3_600))
        try loop.runToExit()
        #expect(mostTurns <= 2)
    }

    @Test func `peers that never fall silent cannot put the alarm off`() throws {
        var heard = 0
        let busy = try (0..<300).map { try Peer($0) }
        for peer in busy { try group.add(peer.near, token: peer.token) }
        peers.onReady { _, _ in
            heard += 1
            if heard > 100_000 { loop.exit(code: 1) }
            return 0
        }
        alarm.onFire { loop.exit() }
        for peer in busy { peer.say() }
        alarm.set(to: loop.now + .milliseconds(5))
        try loop.runToExit()
        #expect(heard >= 300)
    }
}
