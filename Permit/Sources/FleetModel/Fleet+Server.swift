// SPDX-License-Identifier: Apache-2.0

internal import Permit

/// The server: a list of holders, changed atomically.
extension Fleet {
    mutating func arrive(_ index: Int, _ life: Int, claims: Bool) {
        report.requests += 1
        let second = Int(now.components.seconds)
        if second >= report.requestsAt.count {
            report.requestsAt += Array(repeating: 0, count: second - report.requestsAt.count + 1)
        }
        report.requestsAt[second] += 1
        if settings.outages.contains(where: { $0.contains(now) }) {
            return reply(index, life, .absent("connection refused"), in: settings.latency / 2)
        }
        let reply = claims ? claim(index) : giveBack(index)
        let isLost = settings.lost > 0 && Double.random(in: 0..<1, using: &dice) < settings.lost
        if isLost {
            self.reply(index, life, .absent("timed out"), in: settings.timeout)
        } else {
            self.reply(index, life, reply, in: settings.latency / 2)
        }
    }

    private mutating func reply(_ index: Int, _ life: Int, _ reply: Reply, in time: Duration) {
        queue.insert(.reply(index, life: life, reply), at: now + time)
    }

    private mutating func claim(_ index: Int) -> Reply {
        if holders.contains(index) { return .done }
        guard holders.count < settings.slots else { return .full("held by another") }
        holders.insert(index)
        return .done
    }

    private mutating func giveBack(_ index: Int) -> Reply {
        holders.remove(index)
        return .done
    }
}

/// SplitMix64.
struct SeededDice: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
