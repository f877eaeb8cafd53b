// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// Scopes while which no update may go ahead.
extension Desk {
    /// Why updates must wait: what the latest scope says.
    var why: String? { holds.last?.why }

    mutating func held(_ hold: Hold, _ why: String, _ ifUnderway: IfUnderway) {
        hasSpoken = true
        holds.append(Holding(hold: hold, why: why, ifUnderway: ifUnderway))
        for id in ids where updates[id]?.outcome == nil {
            guard let index = index(of: hold) else { return }
            // A deferral would send everyone back to work, where no answer does as well.
            if updates[id]?.isAwaited ?? false { continue }
            if updates[id]?.isReleased ?? false {
                isUnderway(id, for: hold)
            } else if let question = say(id, Limits.onItsBehalf, why) {
                holds[index].pending.insert(question)
            } else if updates[id]?.gaveFinal ?? false {
                isUnderway(id, for: hold)
            }
        }
        beginIfReady(hold)
    }

    mutating func letGo(_ hold: Hold) {
        holds.removeAll { $0.hold == hold }
        guard holds.isEmpty else { return }
        for id in ids where updates[id]?.isDue ?? false { decide(id) }
    }

    /// The broker has replied to the deferral that scopes wait for.
    mutating func settle(_ question: Question, _ id: String, isUnderway: Bool) {
        for hold in holds.filter({ $0.pending.contains(question) }).map(\.hold) {
            guard let index = index(of: hold) else { continue }
            holds[index].pending.remove(question)
            if isUnderway { self.isUnderway(id, for: hold) }
            beginIfReady(hold)
        }
    }

    mutating func releaseHolds(thatWaitFor id: String) {
        for hold in holds.filter({ $0.waitsFor.contains(id) }).map(\.hold) {
            if let index = index(of: hold) { holds[index].waitsFor.remove(id) }
            beginIfReady(hold)
        }
    }

    /// The broker is there and has said what goes ahead already, or is not.
    mutating func endOpening() {
        isOpening = false
        for hold in holds.map(\.hold) { beginIfReady(hold) }
    }

    /// These go ahead already, so that they can only be waited for.
    mutating func goAhead(_ underway: [String]) {
        for id in underway {
            updates[id, default: Known(underway: id, at: now)].isReleased = true
            for holding in holds where updates[id]?.outcome == nil {
                if holding.hasBegun {
                    act(.log("the update \(printable(id)) goes ahead, despite: \(holding.why)"))
                } else {
                    isUnderway(id, for: holding.hold)
                }
            }
        }
    }

    private mutating func isUnderway(_ id: String, for hold: Hold) {
        guard let index = index(of: hold) else { return }
        switch holds[index].ifUnderway {
        case .wait: holds[index].waitsFor.insert(id)
        case .throw:
            act(.refuse(hold, deploymentID: id))
            letGo(hold)
        }
    }

    private mutating func beginIfReady(_ hold: Hold) {
        guard let index = index(of: hold), !isOpening, !holds[index].hasBegun,
            holds[index].pending.isEmpty, holds[index].waitsFor.isEmpty
        else { return }
        holds[index].hasBegun = true
        act(.begin(hold))
        for id in ids { warn(id) }
    }

    private func index(of hold: Hold) -> Int? { holds.firstIndex { $0.hold == hold } }

    /// Tells each open scope once that an update goes ahead in a while, whatever is said.
    mutating func warn(_ id: String) {
        guard let end = updates[id]?.endsAt else { return }
        let left = max(.zero, end - now)
        for index in holds.indices where holds[index].hasBegun {
            guard holds[index].warnedOf.insert(id).inserted else { continue }
            let time = "in \(left.components.seconds) s"
            let text = "the update \(printable(id)) goes ahead \(time), despite"
            act(.log("\(text): \(holds[index].why)"))
            act(.warn(holds[index].hold, LastCall(deploymentID: id, timeLeft: left)))
        }
    }
}
