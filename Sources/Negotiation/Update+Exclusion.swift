// SPDX-License-Identifier: Apache-2.0

// One update at a time: whose end an update waits for.

extension Update {
    /// Whether its gate stays shut while the other update is under way. The requests alone decide.
    func conflicts(with other: Update) -> Bool {
        guard other.request.isExclusive, !other.request.isShutdown else { return false }
        if request.isShutdown {
            return !other.request.disruption.isSameShutdown(as: request.disruption)
        }
        guard request.isExclusive else { return false }
        if max(request.disruption, other.request.disruption).stopsNucleus { return true }
        guard let ours = requested.concerned, let theirs = other.requested.concerned else {
            return true
        }
        return ours.contains { theirs.means($0) } || theirs.contains { ours.means($0) }
    }

    /// Whether it keeps those that conflict with it waiting. A silent veto may take until the
    /// deadline: no other final asking waits for that. Where another one began meanwhile, this one
    /// waits for it, also when the veto answers.
    var claim: Claims.Kind? {
        if opening != nil { return .underway }
        let isFirst = holders.askingFinally.isEmpty
        return phase.isFinalAsking && summary.silentBlockers == 0 && isFirst ? .askingFinally : nil
    }

    /// Another update went first, by force or by its deadline: the final asking is over, and who
    /// acted on it goes back to work.
    mutating func giveWay(_ handling: inout Handling) {
        guard phase.isFinalAsking, !holders.underway.isEmpty else { return }
        endFinalAsking(&handling)
    }

    /// When its coordinator has left, it is over soon: nobody waits for a command that died.
    var endsWithCoordinator: Bool {
        request.isExclusive && !request.completesLater && !request.isShutdown
            && !request.disruption.stopsNucleus
    }
}
