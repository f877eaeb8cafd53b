// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Glibc
internal import Permit
internal import Reprieve

/// Performs what the state machine decides.
actor PermitService {
    typealias Machine = PermitStateMachine

    private var machine: Machine
    private let servers: Servers
    private let transport: CurlTransport
    private let health: HealthCommand
    private let file: StateFile
    private var asks: [Machine.AskID: CheckedContinuation<Machine.Answer, Never>] = [:]
    private var latestAsk = 0
    private var alarm: (deadline: Duration, task: Task<Void, Never>)?

    init(_ configuration: PermitConfiguration, id: String, record: Record?, in file: StateFile) {
        self.file = file
        servers = configuration.makeServers(id: id)
        transport = CurlTransport(configuration)
        health = HealthCommand(
            words: configuration.healthCommand,
            timeout: configuration.healthTimeout
        )
        machine = Machine(
            configuration.policy,
            record: record,
            boot: Boot.id,
            seed: .random(in: 0...UInt64.max),
            at: Clock.now
        )
    }

    /// Takes part in updates for ever.
    func run(_ updates: Updates) async throws {
        handle(.timePassed)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await updates.run() }
            group.addTask {
                for await underway in updates.subscriptions {
                    await self.handle(.subscribed(underway: underway))
                }
            }
            group.addTask {
                for await ended in updates.outcomes {
                    await self.handle(.ended(ended.deploymentID, ended.outcome))
                }
            }
            group.addTask {
                try await updates.answer { notice in await self.answer(notice) }
            }
            try await group.waitForAll()
        }
    }

    private func answer(_ notice: Notice) async -> Answer {
        let question = Machine.Question(
            notice.deploymentID,
            notice.disruption,
            final: notice.isFinal,
            forced: notice.isLastCall && notice.respondBy == .zero
        )
        latestAsk += 1
        let ask = Machine.AskID(number: latestAsk)
        let answer = await withCheckedContinuation { continuation in
            asks[ask] = continuation
            handle(.asked(ask, question))
        }
        switch answer {
        case .could: return .acknowledge
        case .defer(let time, let why): return .defer(for: time, because: why)
        case .ready:
            return .acknowledge { outcome in
                if outcome == .postponed { await self.handle(.postponed(notice.deploymentID)) }
            }
        }
    }

    func handle(_ event: Machine.Event) {
        for action in machine.handle(event, at: Clock.now) { perform(action) }
        setAlarm()
        Log.tell(status: machine.summary)
    }

    private func perform(_ action: Machine.Action) {
        switch action {
        case .write(let record): write(record)
        case .claim: send { servers, transport in servers.claim(over: transport) }
        case .giveBack: send { servers, transport in servers.giveBack(over: transport) }
        case .answer(let ask, let answer): asks.removeValue(forKey: ask)?.resume(returning: answer)
        case .checkHealth:
            let health = health
            inBackground {
                health.run()
            } then: {
                .checked(complaint: $0)
            }
        case .log(let severity, let text): Log.write(severity, text)
        }
    }

    /// What cannot be written down is not done. Without this program the update waits.
    private func write(_ record: Record) {
        do throws(StateFile.Failure) {
            try file.write(record)
        } catch {
            Log.write(.warning, error.message)
            exit(ExitStatus.noFile)
        }
    }

    private func send(_ request: @escaping @Sendable (Servers, CurlTransport) -> Reply) {
        let (servers, transport) = (servers, transport)
        inBackground {
            request(servers, transport)
        } then: {
            .replied($0)
        }
    }

    /// On a thread that may block.
    private func inBackground<Result: Sendable>(
        _ work: @escaping @Sendable () -> Result,
        then event: @escaping @Sendable (Result) -> Machine.Event
    ) {
        DispatchQueue.global().async {
            let result = work()
            Task { await self.handle(event(result)) }
        }
    }

    private func setAlarm() {
        let deadline = machine.nextDeadline
        guard deadline != alarm?.deadline else { return }
        alarm?.task.cancel()
        alarm = deadline.map { deadline in
            let task = Task {
                try? await Task.sleep(
                    for: max(Duration.zero, deadline - Clock.now),
                    clock: .continuous
                )
                if !Task.isCancelled { self.passTime(deadline) }
            }
            return (deadline, task)
        }
    }

    private func passTime(_ deadline: Duration) {
        guard alarm?.deadline == deadline else { return }
        alarm = nil
        handle(.timePassed)
    }
}
