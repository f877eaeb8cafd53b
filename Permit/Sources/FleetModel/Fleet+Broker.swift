// SPDX-License-Identifier: Apache-2.0

internal import Permit
internal import Reprieve

/// The broker of a device: a veto is asked first and finally, its deferral ends the final asking.
extension Fleet {
    mutating func subscribe(_ index: Int) {
        let device = devices[index]
        let underway = device.stage == .released ? [Self.update] : []
        tell(index, .subscribed(underway: underway))
        if device.stage == .waiting { ask(index, final: false) }
        if device.stage == .over, !device.isPosted { deliver(index) }
    }

    mutating func ask(_ index: Int, final: Bool) {
        guard devices[index].machine != nil, devices[index].stage == .waiting else { return }
        devices[index].ask += 1
        devices[index].asksFinally = final
        let ask = Machine.AskID(number: devices[index].ask)
        tell(index, .asked(ask, .init(Self.update, .reboot, final: final)))
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
        tell(index, .postponed(Self.update))
        queue.insert(.ask(index, final: false), at: now + .milliseconds(1))
    }

    private mutating func release(_ index: Int) {
        devices[index].stage = .released
        devices[index].isUnsteady = true
        report.releases.append(now)
        report.longestWait = max(report.longestWait, now - devices[index].announcedAt)
        if settings.reboots { queue.insert(.reboot(index), at: now + settings.updateTime / 2) }
        queue.insert(.end(index), at: now + settings.updateTime)
    }

    mutating func end(_ index: Int) {
        let outcome = settings.outcome(index, Double.random(in: 0..<1, using: &dice))
        devices[index].stage = .over
        devices[index].outcome = outcome
        report.ends.append(now)
        report.outcomes[outcome.rawValue, default: 0] += 1
        switch outcome {
        case .applied: queue.insert(.steady(index), at: now + settings.policy.steadyAfter)
        case .cancelled: devices[index].isUnsteady = false
        // Until an operator has looked after it.
        default: break
        }
        deliver(index)
    }

    /// What a program reads before it is killed is lost.
    mutating func deliver(_ index: Int) {
        guard devices[index].machine != nil, let outcome = devices[index].outcome else { return }
        devices[index].isPosted = true
        tell(index, .ended(Self.update, outcome))
    }
}
