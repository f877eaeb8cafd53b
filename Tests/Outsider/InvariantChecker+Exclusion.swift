// SPDX-License-Identifier: Apache-2.0

import Negotiation

// What holds between updates after each step. The numbers are those of the invariants.

extension InvariantChecker {
    mutating func objectToExclusion(_ transition: Transition) -> [String] {
        let opened = objectToOpenings(transition)
        return opened + objectToCompany(transition.after) + objectToWaiting(transition)
    }

    /// 7, 8: what opens in this step, one gate after the other.
    private mutating func objectToOpenings(_ transition: Transition) -> [String] {
        var objections: [String] = []
        var underway = transition.before.updates.entries.filter { !$0.isWaiting }.map(\.id)
        for decision in transition.consequences.decisions {
            switch decision {
            case .ended(let update, _): underway.removeAll { $0 == update.id }
            case .released(let update):
                let opened = update.id
                objections += objectToOpening(of: update, beside: underway)
                objections +=
                    histories[opened]?
                    .objectToOverruling(update, subscriptions, at: transition.now) ?? []
                underway.append(opened)
            default: break
            }
        }
        return objections
    }

    private mutating func objectToOpening(
        of update: Update,
        beside underway: [DeploymentID]
    ) -> [String] {
        let request = update.request
        let basis = update.opening?.basis
        let isOverride = basis == .forced || basis == .skipped
        let isShutdown = request.isShutdown && basis == .deadline
        var objections: [String] = []
        for id in underway {
            guard let other = histories[id]?.request,
                request.waits(for: other) || other.waits(for: request)
            else { continue }
            if isOverride || isShutdown || !request.waits(for: other) {
                histories[update.id]?.openedBeside.insert(id)
            } else {
                objections.append("7: \(update.id) opened beside \(id)")
            }
        }
        return objections
    }

    /// 7: of two updates that conflict and are under way, one opened beside the other with leave.
    private mutating func objectToCompany(_ negotiation: Negotiation) -> [String] {
        let underway = negotiation.updates.entries.filter { !$0.isWaiting }.map(\.id)
        for id in histories.keys { histories[id]?.openedBeside.formIntersection(underway) }
        return underway.flatMap { id in
            underway.filter { other in
                guard other != id, let one = histories[id], let two = histories[other] else {
                    return false
                }
                return one.request.waits(for: two.request) && !one.openedBeside.contains(other)
                    && !two.openedBeside.contains(id)
            }
            .map { "7: \(id) and \($0) are under way" }
        }
    }

    /// 9: what an update waits for is a component that blocks it, or an update that will go on:
    /// one that is under way, one that waits for a component, or one with no coordinator.
    private func objectToWaiting(_ transition: Transition) -> [String] {
        let statuses = transition.after.updates.entries.map { $0.status(at: transition.now) }
        let listed = Dictionary(
            uniqueKeysWithValues: statuses.map { ($0.request.deploymentID, $0) }
        )
        return statuses.filter { !$0.isReleased }.flatMap { status -> [String] in
            let id = status.request.deploymentID
            let isAttended = histories[id]?.coordinators.isEmpty == false
            let isIdle = isAttended && status.blockedBy.isEmpty
            let isEndless = status.blockedBy.filter { $0.hasPrefix("update ") }.contains { name in
                guard let other = listed[String(name.dropFirst("update ".count))],
                    status.request.waits(for: other.request)
                else { return true }
                let isBlocked = other.participants.contains(where: \.blocks)
                let isUnattended = histories[other.request.deploymentID]?.coordinators.isEmpty
                return !other.isReleased && !isBlocked && isUnattended == false
            }
            return (isIdle ? ["9: \(id) waits for nothing"] : [])
                + (isEndless ? ["9: \(id) waits for an update that does not go on"] : [])
        }
    }
}
