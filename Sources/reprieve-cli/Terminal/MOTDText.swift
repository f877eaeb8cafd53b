// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The update that goes ahead next, and how many more wait; nil if none waits.
func motdLine(_ status: StatusShape, now: Int64) -> String? {
    let waiting = status.updates.filter { $0.state == .waiting }
    guard let next = waiting.min(by: { $0.deadlineInMs < $1.deadlineInMs }) else { return nil }
    let more = waiting.count - 1
    let others = more > 0 ? "; \(count(more, "more update")) \(more == 1 ? "waits" : "wait")" : ""
    return announcement(of: next, now: now) + others + "."
}

/// "Update d-42 (nucleus 2.13.0) waits for camera, and goes ahead at 14:02:10 at the latest: it
/// restarts the nucleus"
func announcement(of update: UpdateShape, now: Int64) -> String {
    let components = update.blockedBy.filter { !$0.hasPrefix("update ") }.map(shown)
    let blockers = components + update.updatesWaitedFor.map { "the end of update \(shown($0))" }
    let wait = blockers.isEmpty ? "waits" : "waits for \(list(blockers))"
    let end = clockTime(now + update.deadlineInMs, now: now)
    let isRefused =
        update.onDeadline == .refuse
        || update.participants.contains {
            $0.veto && update.blockedBy.contains($0.component)
        }
    let last = isRefused ? "is refused \(end) if it still waits" : "goes ahead \(end) at the latest"
    let effect = text(update.disruption).map { ": it \($0)" } ?? ""
    return "Update \(named(update.deploymentID, update.reason)) \(wait), and \(last)\(effect)"
}
