// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The update that goes ahead next, and how many more wait; nil if none waits. At most five lines
/// of 80 columns.
func motdText(_ status: StatusShape, now: Int64) -> String? {
    let waiting = status.updates.filter { $0.state == .waiting }
    guard let next = waiting.min(by: { $0.deadlineInMs < $1.deadlineInMs }) else { return nil }
    let more = waiting.count - 1
    let others = more > 0 ? "; \(count(more, "more update")) \(more == 1 ? "waits" : "wait")" : ""
    let text = announcement(of: next, now: now) + others + "."
    return wrapped(text, to: 80).joined(separator: "\n")
}

/// "Update d-42 (nucleus 2.13.0) waits for camera, and goes ahead at 14:02:10 at the latest: it
/// restarts the nucleus"
func announcement(of update: UpdateShape, now: Int64) -> String {
    let name = brief(update.deploymentID) + (update.reason.map { " (\(brief($0)))" } ?? "")
    let components = update.blockedBy.filter { !$0.hasPrefix("update ") }.map(brief)
    let blockers = components + update.updatesWaitedFor.map { "the end of update \(brief($0))" }
    let wait = blockers.isEmpty ? "waits" : "waits for \(list(blockers, limit: 2))"
    let end = clockTime(now + update.deadlineInMs, now: now)
    let isRefused =
        update.onDeadline == .refuse
        || update.participants.contains {
            $0.veto && update.blockedBy.contains($0.component)
        }
    let last = isRefused ? "is refused \(end) if it still waits" : "goes ahead \(end) at the latest"
    let effect = text(update.disruption).map { ": it \($0)" } ?? ""
    return "Update \(name) \(wait), and \(last)\(effect)"
}

private func brief(_ text: String) -> String { cut(shown(text), to: 32) }
