// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import Synchronization

/// Tells the users who are logged in, with wall(1), of each update that stops waiting soon: once.
final class LastCallWall: Sendable {
    static let program = "wall"

    private struct State: Sendable {
        var schedule = LastCallSchedule()
        var timer: Task<Void, any Error>?
    }

    private let state = Mutex(State())

    /// Waits for the next last call of this status, in place of the one before.
    func follow(_ status: StatusShape) {
        let arrival = ContinuousClock.now
        state.withLock { state in
            state.timer?.cancel()
            state.timer = nil
            guard let delay = state.schedule.delay(in: status) else { return }
            state.timer = Task {
                try await Task.sleep(for: .milliseconds(delay))
                let age = Int64((ContinuousClock.now - arrival) / .milliseconds(1))
                self.tell(status.aged(by: max(age, delay)))
            }
        }
    }

    func cancel() {
        state.withLock { $0.timer?.cancel() }
    }

    private func tell(_ status: StatusShape) {
        let due = state.withLock { $0.schedule.takeDue(in: status) }
        for update in due {
            let text = announcement(of: update, now: wallClockNow()) + "."
            Task { await write(text) }
        }
        follow(status)
    }

    /// Of several words it is clear that they are no file; behind `--` they are no options.
    private func write(_ text: String) async {
        let words = text.split(separator: " ").map(String.init)
        do {
            let searchPath = Executable.searchPath
            let executable = try Executable([Self.program, "--"] + words, searchPath: searchPath)
            let wall = try await CapturedProcess(executable, environment: [])
            let result = await wall.waitForEnd(within: .seconds(10), grace: .seconds(1))
            guard !result.termination.isSuccess else { return }
            OutputStream.error.line("reprieve: wall \(result.termination.sentence)")
        } catch {
            Failure(error)?.print()
        }
    }
}

/// Which last calls have not been told yet.
struct LastCallSchedule: Sendable {
    /// How old each update was when its last call was told. A younger one is another of that id.
    private var ages: [String: Int64] = [:]

    /// Milliseconds until the next one is due; nil if none will be.
    mutating func delay(in status: StatusShape) -> Int64? {
        let waiting = status.updates.filter { $0.state == .waiting }
        ages = ages.filter { id, age in
            waiting.contains { $0.deploymentID == id && $0.ageMs >= age }
        }
        return waiting.filter { ages[$0.deploymentID] == nil }.map { $0.lastCallInMs ?? 0 }.min()
    }

    /// The updates whose last call is due, each once.
    mutating func takeDue(in status: StatusShape) -> [UpdateShape] {
        let due = status.updates.filter { update in
            update.state == .waiting && ages[update.deploymentID] == nil
                && update.lastCallInMs ?? 0 <= 0
        }
        for update in due { ages[update.deploymentID] = update.ageMs }
        return due
    }
}
