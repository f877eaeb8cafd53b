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
