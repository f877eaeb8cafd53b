// SPDX-License-Identifier: Apache-2.0

import Systemd
import Testing

@Suite("An alarm among peers") struct AlarmAmongPeersTests {
    let loop: EventLoop
    let peers: PeerPoll
    let alarm: Alarm
    let log = Log()

    init() throws {
        loop = try EventLoop()
        peers = try PeerPoll(on: loop)
        alarm = try Alarm(on: loop, hearingFirst: peers)
    }

    @Test func `every peer that is ready is heard before the alarm, in an earlier turn`() throws {
        let ready = try (1...3).map { try Peer($0) }
        for peer in ready { try peers.add(peer.near, token: peer.token) }
        peers.onReady { token, _ in log.add("\(token): \(ready[Int(token) - 1].near.readText())") }
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
        try peers.add(peer.near, token: 1)
        peers.onReady { _, _ in
            log.add(peer.near.readText())
            alarm.set(to: delay.map { loop.now + $0 })
        }
        alarm.onFire { log.add("alarm") }
        loop.onTurnEnd { loop.exit() }
        peer.say("ready")
        alarm.set(to: loop.now)
        try loop.runToExit()
        #expect(log.entries == ["ready"])
    }

    @Test func `peers that never fall silent cannot put the alarm off`() throws {
        var heard = 0
        let busy = try (0..<300).map { try Peer($0) }
        for peer in busy { try peers.add(peer.near, token: peer.token) }
        peers.onReady { _, _ in
            heard += 1
            if heard > 100_000 { loop.exit(code: 1) }
        }
        alarm.onFire { loop.exit() }
        for peer in busy { peer.say() }
        alarm.set(to: loop.now + .milliseconds(5))
        try loop.runToExit()
        #expect(heard >= 300)
    }
}
