// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

extension Broker {
    /// All counts, and how things stand.
    mutating func metricsShape(at now: Instant) -> MetricsShape {
        gatherCounts()
        var shape = metrics.counts
        shape.now = moment(at: now)
        return shape
    }

    /// Hands the counts on to be written down with the next record of the state file.
    mutating func keepMetrics() {
        gatherCounts()
        persistence.metrics = metrics.counts.encoded()
    }

    private mutating func gatherCounts() {
        metrics.add(auditLog.takeEvents())
        for written in persistence.takeCounts() { metrics.add(written) }
    }

    private mutating func moment(at now: Instant) -> MomentShape {
        var moment = MomentShape()
        for update in negotiation.updates.entries {
            guard update.isWaiting else {
                moment.underway += 1
                continue
            }
            moment.waiting += 1
            moment.blockers += Int64(update.blockers.count)
            moment.longestWaitMs = max(
                moment.longestWaitMs,
                (now - update.announced).wholeMilliseconds
            )
            let left = max(.zero, update.deadline - now).wholeMilliseconds
            moment.deadlineInMs = min(moment.deadlineInMs ?? left, left)
        }
        let peers = peers.values.span
        for place in peers.indices {
            switch peers[place].endpoint {
            case .components: moment.componentConnections += 1
            case .control: moment.controlConnections += 1
            }
        }
        moment.delaysShutdown = inhibitionPace.latest.delays
        moment.blocksShutdown = inhibitionPace.latest.block != nil
        moment.upstream = upstreamShape
        return moment
    }
}
