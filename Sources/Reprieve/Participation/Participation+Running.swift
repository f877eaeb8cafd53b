// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import ReprieveTransport
internal import ReprieveTypes
internal import Synchronization

/// `run()`: the subscription, and the jobs that its events lead to.
extension Participation {
    func run() async {
        let (jobs, continuation) = AsyncStream<Job>.makeStream()
        handle(.started) { state in
            precondition(state.jobs == nil, "run() is called once: it takes part for all copies")
            state.jobs = continuation
        }
        await withTaskExecutorPreference(environment.executor) {
            await withDiscardingTaskGroup { group in
                group.addTask { await self.subscribe() }
                for await job in jobs { group.addTask { await job() } }
            }
        }
        handle(.hungUp) { $0.jobs = nil }
    }

    /// Takes part until the task is cancelled. Logs each failure once, until its cause changes.
    private func subscribe() async {
        guard isClaim(component) else {
            let text = "\(quoted(component)) cannot be a component's name: use 1 to 128 letters,"
            logger.error("\(text) digits and ._-@:+; this program takes no part in updates")
            handle(.hungUp)
            return
        }
        let subscription = ComponentSubscription(path: path, name: component, in: environment)
        var hasFailed = false
        // It ends with the task's cancellation, which is no failure.
        try? await subscription.run(catchesUp: awaitsNotices) { event in
            switch event {
            case .connected(let connection): handle(.connected) { $0.connection = connection }
            case .subscribed(_, let response):
                handle(.subscribed(underway: response.underway))
                publishSubscription(response.underway)
                let again = hasFailed ? " again" : ""
                let shown = printable(path.repaired, limit: Limits.text)
                let text = "\(component) takes part in updates\(again), by \(shown)"
                logger.log(level: hasFailed ? .notice : .debug, "\(text)")
                hasFailed = false
            case .caughtUp: handle(.caughtUp)
            case .notice(let notice): handle(.noticed(notice))
            case .post(let post): handle(.ended(post))
            case .lost(let error, let isNews):
                handle(.hungUp) { state in
                    state.connection = nil
                    state.subscriptions.hungUp()
                }
                guard isNews else { return }
                logger.warning("\(component): \(error.description); trying again")
                hasFailed = true
            }
        }
        handle(.hungUp) { $0.connection = nil }
    }

    private func awaitsNotices() -> Bool { state.withLock { $0.machine.awaitsNotices } }
}
