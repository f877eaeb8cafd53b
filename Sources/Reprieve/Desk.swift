// SPDX-License-Identifier: Apache-2.0

internal import Logging
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Synchronization

/// Where a component's notices arrive and its answers are made.
///
/// Every answer is put on the wire under the lock under which it was decided, so that a later
/// decision is never overtaken by an earlier one. What takes time runs as a job of `run()`.
final class Desk: Sendable {
    typealias Answerer = @Sendable (Notice) async -> Answer
    typealias Job = @Sendable () async -> Void

    let component: String
    let path: String
    let logger: Logger
    let state = Mutex(State())
    private let jobs: AsyncStream<Job>
    private let newJobs: AsyncStream<Job>.Continuation

    struct State {
        var connection: Connection?
        var answerer: Answerer?
        /// Why an update may not go ahead, by the number of the scope that says so.
        var holds: [Int: String] = [:]
        var latestHold = 0
        /// The updates that are not over, by their id.
        var updates: [String: Known] = [:]
    }

    init(component: String, path: String, logger: Logger) {
        self.component = component
        self.path = path
        self.logger = logger
        (jobs, newJobs) = AsyncStream.makeStream()
    }

    func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.stayConnected() }
            for await job in jobs { group.addTask { await job() } }
        }
    }

    func begin(_ job: @escaping Job) {
        newJobs.yield(job)
    }
}

/// An update that is not over.
struct Known {
    /// What the component's answer stands on.
    enum Stance {
        case undecided
        /// The answerer runs; it was asked with this.
        case thinking(Notice)
        /// The update ended while the answerer ran.
        case tooLate(Outcome)
        /// Ready, and what to do at the end; `isFinal` if the final notice was answered so.
        case ready(Answer.FollowUp?, isFinal: Bool)
    }

    var notice: PreUpdateEvent
    var stance = Stance.undecided
    /// Whether the connection that brought the notice is still there.
    var isCurrent = true

    var isReady: Bool {
        if case .ready = stance { true } else { false }
    }

    var isThinking: Bool {
        if case .thinking = stance { true } else { false }
    }
}
