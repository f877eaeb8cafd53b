// SPDX-License-Identifier: Apache-2.0

internal import Permit
internal import Reprieve

/// The broker of a device: a veto is asked first and finally, its deferral ends the final asking.
extension Fleet {
    mutating func subscribe(_ index: Int) {
        let device = devices[index]
        let underway = device.stage == .released ? [device.update] : []
        tell(index, .subscribed(underway: underway))
        deliver(index)
        if device.stage == .waiting { ask(index, final: false) }
    }

    mutating func announce(_ index: Int) {
        devices[index].number += 1
        devices[index].stage = .waiting
        devices[index].announcedAt = now
        devices[index].postponements = settings.postponements
        ask(index, final: false)
    }

    mutating func ask(_ index: Int, final: Bool) {
        guard devices[index].machine != nil, devices[index].stage == .waiting else { return }
        devices[index].ask += 1
        devices[index].asksFinally = final
        let ask = Machine.AskID(number: devices[index].ask)
        tell(index, .asked(ask, .init(devices[index].update, .reboot, final: final)))
    }

    mutating func answered(_ index: Int, _ answer: Machine.Answer) {
        switch answer {
        case .could where devices[index].asksFinally: release(index)
        case .could:
            // It lifts a deferral, too.
            queue.insert(.ask(index, final: true), at: now + .milliseconds(4))
        case .ready: readied(index)
        case .defer(let time, _):
            let wasFinal = devices[index].asksFinally
            // Back to work first; then it is asked again when the time is over.
            if wasFinal { queue.insert(.ask(index, final: false), at: now + .milliseconds(1)) }
            if !wasFinal { queue.insert(.ask(index, final: false), at: now + time) }
        }
    }

    private mutating func readied(_ index: Int) {
        guard devices[index].postponements > 0 else { return release(index) }
        devices[index].postponements -= 1
        queue.insert(.postpone(index), at: now + .seconds(1))
    }

    /// Another component defers in the same final asking, for a while.
    mutating func postpone(_ index: Int) {
        tell(index, .postponed(devices[index].update))
        queue.insert(.ask(index, final: false), at: now + .milliseconds(1))
    }

    private mutating func release(_ index: Int) {
        devices[index].stage = .released
        report.releases.append(now)
        report.longestWait = max(report.longestWait, now - devices[index].announcedAt)
        if settings.reboots { queue.insert(.reboot(index), at: now + settings.updateTime / 2) }
        queue.insert(.end(index), at: now + settings.updateTime)
    }

    mutating func end(_ index: Int) {
        let number = devices[index].number
        let outcome = settings.outcome(index, number, Double.random(in: 0..<1, using: &dice))
        report.ends.append(now)
        report.outcomes[outcome.rawValue, default: 0] += 1
        if outcome == .applied || settings.policy.afterFailure == .giveBack {
            devices[index].steadyAt = now + settings.policy.steadyAfter
            devices[index].hasFailed = false
        } else if outcome != .cancelled {
            devices[index].hasFailed = true
        }
        devices[index].posts.append(Post(update: devices[index].update, outcome: outcome))
        finish(index)
        deliver(index)
    }

    mutating func finish(_ index: Int) {
        devices[index].stage = .over
        guard devices[index].number < settings.updates else { return }
        queue.insert(.announce(index), at: now + settings.timeBetween)
    }

    /// What a program reads before it is killed is lost.
    private mutating func deliver(_ index: Int) {
        while devices[index].machine != nil, !devices[index].posts.isEmpty {
            let post = devices[index].posts.removeFirst()
            tell(index, .ended(post.update, post.outcome))
        }
    }
}
