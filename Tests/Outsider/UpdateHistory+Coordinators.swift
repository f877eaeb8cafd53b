// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Who coordinates the update, and who makes it.

extension UpdateHistory {
    mutating func attach(_ coordinator: StreamID, _ process: Int32) {
        coordinators[coordinator] = process
        freed = former.subtracting(coordinators.values)
    }

    /// Where others stay, who has left is asked like any other component; else it may be back.
    mutating func noteLeaving(_ there: [StreamID: Int32], _ transition: Transition) {
        let left = Set(there.filter { coordinators[$0.key] == nil }.values).subtracting([0])
        let isOpen = transition.before.updates[request.deploymentID]?.opening != nil
        guard !left.isEmpty, transition.event != .restarted, !isOpen else { return }
        if coordinators.isEmpty {
            former = left
        } else {
            freed = left.subtracting(coordinators.values)
        }
    }

    /// Of the coordinators that are connected, exactly one makes an update that is released; but
    /// after a death of the broker none, until one that was there before has had time to return.
    mutating func objectToMakers(_ transition: Transition) -> [String] {
        if let maker, coordinators[maker] == nil {
            self.maker = nil
            former = makerProcess == 0 ? [] : [makerProcess]
        }
        let process = transition.event.coordinatorProcess ?? 0
        let mayReturn = makerReturnsUntil.map { $0 > transition.now } ?? false
        let isLeftToAnother = mayReturn && !former.isEmpty && !former.contains(process)
        var objections: [String] = []
        for case .released(let stream, let release) in transition.actions
        where release.deploymentID == request.deploymentID {
            if release.isJoined != (maker != nil || isLeftToAnother) {
                objections.append("\(maker == nil ? "no" : "a second") coordinator makes it")
            }
            guard !release.isJoined else { continue }
            (maker, makerReturnsUntil) = (stream, nil)
            (makerProcess, former) = (coordinators[stream] ?? process, [])
        }
        return objections
    }
}
