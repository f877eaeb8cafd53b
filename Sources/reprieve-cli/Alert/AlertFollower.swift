// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport

/// Follows the broker, runs a hook for each overridden component, and has last calls told.
struct AlertFollower: Sendable {
    let control: ControlClient
    let hook: Executable?
    let usesWall: Bool

    private enum Limit {
        /// Hooks that wait for their turn.
        static let queue = 64
        static let hook = Duration.seconds(60)
        static let grace = Duration.seconds(1)
        /// Between two looks at the broker's history. What changes meanwhile is one change.
        static let pace = Duration.seconds(1)
    }

    /// Runs until the task is cancelled. When this returns, no hook runs any more.
    func run() async throws {
        let (overrides, queue) = AsyncStream<Override>.makeStream(
            bufferingPolicy: .bufferingOldest(Limit.queue)
        )
        try await withThrowingDiscardingTaskGroup { group in
            group.addTask {
                for await override in overrides where !Task.isCancelled { await report(override) }
            }
            group.addTask { try await follow(queue) }
        }
    }

    private func follow(_ queue: AsyncStream<Override>.Continuation) async throws {
        var record = OverrideRecord()
        let wall = usesWall ? LastCallWall() : nil
        var isFirst = true
        defer { wall?.cancel() }
        try await control.watchPatiently(wasReached: true) { error in
            OutputStream.error.line("reprieve: \(error.message); trying again")
        } _: { status in
            wall?.follow(status)
            if hook != nil {
                let history = try await control.history(HistoryRequest())
                for override in record.news(in: history) { enqueue(override, in: queue) }
            }
            if isFirst { OutputStream.error.line("reprieve: following \(shown(control.path))") }
            isFirst = false
            try await Task.sleep(for: Limit.pace)
        }
    }

    private func enqueue(_ override: Override, in queue: AsyncStream<Override>.Continuation) {
        guard case .dropped = queue.yield(override) else { return }
        let text = "COMMAND is not run for it, since \(Limit.queue) wait"
        OutputStream.error.line("reprieve: \(override.text); " + text)
    }

    private func report(_ override: Override) async {
        guard let hook else { return }
        OutputStream.error.line("reprieve: " + override.text)
        do {
            let process = try await CapturedProcess(hook, environment: override.environment)
            let result = await process.waitForEnd(within: Limit.hook, grace: Limit.grace)
            OutputStream.events.write(result.output)
            guard !result.termination.isSuccess else { return }
            OutputStream.error.line("reprieve: COMMAND ended with \(result.termination.text)")
        } catch {
            Failure(error)?.print()
        }
    }
}
