// SPDX-License-Identifier: Apache-2.0

internal import Synchronization

/// Whether the command may begin.
extension UpdateInhibitor {
    private enum Obstacle: Hashable {
        /// The update's gate has opened.
        case underway(String)
        case waiting(String)
    }

    func waitForPermission(_ changes: Changes) async throws {
        var announced: Obstacle?
        for try await _ in changes {
            if state.withLock({ $0.awaitsNotices }) { continue }
            guard let obstacle = begin() else { return }
            if try proceeds(despite: obstacle, isNews: obstacle != announced) {
                return state.withLock { $0.hasBegun = true }
            }
            announced = obstacle
        }
        try Task.checkCancellation()
    }

    /// Marks the command as begun, unless there is an obstacle.
    private func begin() -> Obstacle? {
        state.withLock { state in
            let underway = state.underway.filter { !ownUpdates.contains($0) }
            let waiting = state.notices.keys.filter { !ownUpdates.contains($0) }
            let first = ifWaiting == .start ? nil : waiting.min()
            let obstacle = underway.min().map(Obstacle.underway) ?? first.map(Obstacle.waiting)
            state.hasBegun = obstacle == nil
            return obstacle
        }
    }

    /// Returns false if the command waits.
    private func proceeds(despite obstacle: Obstacle, isNews: Bool) throws -> Bool {
        switch obstacle {
        case .underway(let id): try proceeds(whileUnderway: id, isNews)
        case .waiting(let id): try proceeds(whileWaiting: id, isNews)
        }
    }

    private func proceeds(whileUnderway id: String, _ isNews: Bool) throws -> Bool {
        let text = "the update \(shown(id)) is under way; "
        let end = completionCommand(id, outcome: "failed")
        let advice = "if its updater has died, end it: " + end
        switch ifUnderway {
        case .refuse: throw Failure(.notNow, text + advice)
        case .proceed:
            OutputStream.error.line("reprieve: " + text + "COMMAND runs regardless")
            return true
        case .wait:
            if isNews {
                OutputStream.error.line("reprieve: " + text + "waiting for its end; " + advice)
            }
            return false
        }
    }

    private func proceeds(whileWaiting id: String, _ isNews: Bool) throws -> Bool {
        let text = "the update \(shown(id)) waits"
        if ifWaiting == .refuse { throw Failure(.updateWaits, text) }
        if isNews { OutputStream.error.line("reprieve: \(text); COMMAND begins when it is over") }
        return false
    }
}
