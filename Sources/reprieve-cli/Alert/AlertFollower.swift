// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport

/// Follows the broker, runs a hook for each overridden component, and has last calls told.
struct AlertFollower: Sendable {
    let control: ControlClient
    let hook: Executable?
    let usesWall: Bool
    /// How long one hook may run.
    let hookLimitMs: Int64

    enum Limit {
        /// Hooks that wait for their turn, and those of them for components of one unit. A further
        /// one is not run, which is said.
        static let queue = 64
        static let queueOfUnit = 16
        static let grace = Duration.seconds(1)
        /// Between two looks at the broker's history.
        static let pace = Duration.seconds(1)
    }

    /// Runs until the task is cancelled. When this returns, no hook runs any more.
    func run() async throws {
        let (statuses, latest) = AsyncStream<StatusShape>.makeStream(
            bufferingPolicy: .bufferingNewest(1)
        )
        let (overrides, continuation) = AsyncStream<Override>.makeStream(
            bufferingPolicy: .bufferingOldest(Limit.queue)
        )
        let queue = OverrideQueue(continuation, ofUnit: Limit.queueOfUnit)
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await override in overrides where !Task.isCancelled {
                    queue.took(override)
                    await report(override)
                }
            }
            group.addTask { try await read(statuses, queue) }
            group.addTask { try await watch(latest) }
        }
    }

    private func watch(_ latest: AsyncStream<StatusShape>.Continuation) async throws {
        let wall = usesWall ? LastCallWall() : nil
        defer { wall?.cancel() }
        try await control.watchPatiently(wasReached: true) { error in
            OutputStream.error.line("reprieve: \(error.message); trying again")
        } _: { status in
            wall?.follow(status)
            latest.yield(status)
        }
    }

    /// Looks for overrides in the history after a change. Of changes in quick succession only the
    /// last one counts.
    private func read(
        _ statuses: AsyncStream<StatusShape>,
        _ queue: OverrideQueue
    ) async throws {
        var record = OverrideRecord()
        var isFirst = true
        for await status in statuses {
            if hook != nil { enqueue(record.news(in: try await history(), of: status), in: queue) }
            if isFirst { OutputStream.error.line("reprieve: following \(shown(control.path))") }
            isFirst = false
            try await Task.sleep(for: Limit.pace)
        }
    }

    /// While the broker is not there, `watch` says so.
    private func history() async throws -> HistoryShape {
        while true {
            do {
                return try await control.history(HistoryRequest())
            } catch is ConnectionError {
                try await Task.sleep(for: Limit.pace)
            }
        }
    }

    /// Says which overrides are not reported.
    private func enqueue(_ news: OverrideNews, in queue: OverrideQueue) {
        let dropped = news.overrides.filter { !queue.add($0) }
        if !dropped.isEmpty {
            let components = list(dropped.map(\.participant.component))
            leaveOut(dropped.count, components + ": too many others wait")
        }
        for decision in news.shortened {
            let update = "of update \(shown(decision.deploymentID))"
            leaveOut(Int(decision.omittedOverridden), update + " that its history has no room for")
        }
        guard news.hasGap else { return }
        let text = "the history has forgotten decisions that were not read yet"
        OutputStream.error.line("reprieve: overridden components may be missed: " + text)
    }

    private func leaveOut(_ number: Int, _ which: String) {
        let text = "COMMAND is not run for \(count(number, "overridden component"))"
        OutputStream.error.line("reprieve: \(text) \(which)")
    }

    private func report(_ override: Override) async {
        guard let hook else { return }
        OutputStream.error.line("reprieve: " + override.text)
        do {
            let process = try await CapturedProcess(hook, environment: override.environment)
            let limit = Duration.milliseconds(hookLimitMs)
            let result = await process.waitForEnd(within: limit, grace: Limit.grace)
            OutputStream.events.write(result.output)
            guard !result.termination.isSuccess else { return }
            let isLate = result.wasSignalled && !Task.isCancelled
            let end = result.termination
            let late = "was ended after \(elapsed(hookLimitMs)): \(end.text)"
            OutputStream.error.line("reprieve: COMMAND \(isLate ? late : end.sentence)")
        } catch {
            Failure(error)?.print()
        }
    }
}
