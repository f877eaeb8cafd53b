// SPDX-License-Identifier: Apache-2.0

import Dispatch
import ReprieveCoordinator
import ReprieveProtocol
import ScriptedBroker
import Synchronization
import TestSupport
import Testing

@Suite("Cancelling the task", .timeLimit(.minutes(5))) struct CancellationTests {
    private func gating(
        _ broker: ScriptedBroker,
        _ body: @escaping @Sendable () async throws -> Completion = { .applied }
    ) -> Task<Void, any Error> {
        let path = broker.path
        return Task {
            try await withGate(for: Update("d-1"), controlSocket: path) { _ in try await body() }
        }
    }

    @Test func `while it waits withdraws the update`() async throws {
        let broker = broker(nil)
        defer { broker.stop() }
        let gating = gating(broker)
        _ = await broker.request(.gateUpdate)
        gating.cancel()
        let payload = await broker.request(.cancelUpdate) ?? []
        #expect(try ReasonedRequest(decoding: payload).deploymentID == "d-1")
        await #expect(throws: CancellationError.self) { try await gating.value }
    }

    @Test func `while it waits for another coordinator's update leaves that alone`() async {
        var response = announced
        response.attached = true
        let encoded = response.encoded()
        let joined = AsyncStream<Void>.makeStream()
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .gateUpdate, _):
                let progress = connection.send(stream, waiting().encoded())
                return connection.respond(stream, encoded) + progress
            case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
            default: return []
            }
        }
        let path = broker.path
        let gating = Task {
            let look = { (_: GateProgress) in _ = joined.continuation.yield() }
            try await withGate(for: Update("d-1"), controlSocket: path, progress: look) { _ in
                .applied
            }
        }
        for await _ in joined.stream { break }
        gating.cancel()
        await #expect(throws: CancellationError.self) { try await gating.value }
        broker.stop()
        for await case .request(_, .cancelUpdate, _) in broker.heard {
            Issue.record("it withdrew the update")
        }
    }

    /// Cancels a gate before the broker has responded to it.
    private func cancelBeforeResponse(
        losingFirstConnection isLost: Bool = false,
        _ answer: @escaping @Sendable (inout ServerConnection, Int32) -> [UInt8]
    ) async -> [ReprieveProtocol.Operation] {
        let gating = Mutex<Task<Void, any Error>?>(nil)
        let isBegun = DispatchSemaphore(value: 0)
        let attempts = Mutex(0)
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return !isFurther(attempts) && isLost ? nil : connection.accept()
            case .request(let stream, .gateUpdate, _):
                isBegun.wait()
                gating.withLock { $0?.cancel() }
                return answer(&connection, stream)
            case .request(let stream, .cancelUpdate, _):
                return connection.fail(stream, ErrorShape(.conflict, "released"))
            case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
            default: return []
            }
        }
        let task = self.gating(broker) {
            Issue.record("it ran")
            return .applied
        }
        gating.withLock { $0 = task }
        isBegun.signal()
        await #expect(throws: CancellationError.self) { try await task.value }
        broker.stop()
        var heard: [ReprieveProtocol.Operation] = []
        for await case .request(_, let operation, _) in broker.heard { heard.append(operation) }
        return heard
    }

    @Test(arguments: [waiting(), released])
    func `before the response leaves an update alone that another coordinator has announced`(
        event: GateEvent
    ) async {
        var response = announced
        response.attached = true
        let encoded = response.encoded()
        let heard = await cancelBeforeResponse { connection, stream in
            connection.respond(stream, encoded) + connection.send(stream, event.encoded())
        }
        #expect(heard == [.gateUpdate])
    }

    @Test(arguments: [true, false])
    func `before the response withdraws an update that was announced then`(isLost: Bool) async {
        let heard = await cancelBeforeResponse(losingFirstConnection: isLost) {
            connection,
            stream in
            connection.respond(stream, announced.encoded())
        }
        #expect(heard == [.gateUpdate, .cancelUpdate, .completeUpdate])
    }

    @Test func `before a response that does not come withdraws nothing`() async {
        #expect(await cancelBeforeResponse { _, _ in [] } == [.gateUpdate])
    }

    @Test func `in the instant of release reports nothing to a broker that was restarted`() async {
        let attempts = Mutex(0)
        let isReturned = AsyncStream<Void>.makeStream()
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .gateUpdate, _):
                var response = announced
                response.attached = isFurther(attempts)
                let progress = waiting().encoded()
                return connection.respond(stream, response.encoded())
                    + connection.send(stream, progress)
            case .request(let stream, .cancelUpdate, _):
                return connection.fail(stream, ErrorShape(.conflict, "released"))
            case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
            default: return []
            }
        }
        let gating = Task {
            let look = { (_: GateProgress) in
                if attempts.withLock({ $0 }) == 1 {
                    broker.hangUp()
                } else {
                    isReturned.continuation.yield()
                }
            }
            try await withGate(for: Update("d-1"), controlSocket: broker.path, progress: look) {
                _ in .applied
            }
        }
        for await _ in isReturned.stream { break }
        gating.cancel()
        await #expect(throws: CancellationError.self) { try await gating.value }
        broker.stop()
        var heard: [ReprieveProtocol.Operation] = []
        for await case .request(_, let operation, _) in broker.heard { heard.append(operation) }
        #expect(heard == [.gateUpdate, .gateUpdate, .cancelUpdate])
    }

    @Test func `in the handshake withdraws nothing, since the update may be another coordinator's`()
        async
    {
        let broker = ScriptedBroker { _, _ in [] }
        let gating = gating(broker)
        for await event in broker.heard {
            if case .connect = event { break }
        }
        gating.cancel()
        await #expect(throws: CancellationError.self) { try await gating.value }
        broker.stop()
        for await event in broker.heard { Issue.record("it said \(event)") }
    }

    @Test func `before it begins announces nothing`() async {
        let broker = broker(released)
        defer { broker.stop() }
        let path = broker.path
        let gating = Task {
            cancelThisTask()
            try await withGate(for: Update("d-1"), controlSocket: path) { _ in .applied }
        }
        await #expect(throws: CancellationError.self) { try await gating.value }
    }

    @Test func `in the instant of release runs no body, and reports that it failed`() async throws {
        let opened = AsyncStream<Void>.makeStream()
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, .gateUpdate, _):
                opened.continuation.yield()
                return connection.respond(stream, announced.encoded())
            case .request(let stream, .cancelUpdate, _):
                return connection.fail(stream, ErrorShape(.conflict, "released"))
            case .request(let stream, _, _): return connection.respond(stream, Empty().encoded())
            default: return []
            }
        }
        defer { broker.stop() }
        let gating = gating(broker) {
            Issue.record("it ran")
            return .applied
        }
        for await _ in opened.stream { break }
        gating.cancel()
        let payload = await broker.request(.completeUpdate) ?? []
        #expect(try CompleteRequest(decoding: payload).outcome == .failed)
        await #expect(throws: CancellationError.self) { try await gating.value }
    }

    @Test func `while the body runs is left to the body, and the outcome is reported`() async throws
    {
        let broker = broker(released)
        defer { broker.stop() }
        let gating = gating(broker) {
            cancelThisTask()
            return .rolledBack
        }
        let payload = await broker.request(.completeUpdate) ?? []
        #expect(try CompleteRequest(decoding: payload).outcome == .rolledBack)
        try await gating.value
    }

    @Test func `leaves no stream open`() async {
        let broker = broker(nil)
        let gating = gating(broker)
        var streams: Set<Int32> = []
        for await event in broker.heard {
            switch event {
            case .request(let stream, .gateUpdate, _):
                streams.insert(stream)
                gating.cancel()
            case .closed(let stream, .gateUpdate, _): streams.remove(stream)
            case .request(_, .cancelUpdate, _): broker.stop()
            default: break
            }
        }
        #expect(streams.isEmpty)
        _ = try? await gating.value
    }

    @Test func `leaves no descriptor open`() async {
        // In a process of its own, where no other test opens any.
        await #expect(processExitsWith: .success) {
            limitProcess()
            let waits = broker(nil)
            let silent = ScriptedBroker { _, _ in [] }
            func cancelAtAllPoints() async {
                for path in [waits.path, silent.path, "/nowhere"] {
                    for pause in 0..<20 {
                        let gating = Task {
                            try await withGate(for: Update("d"), controlSocket: path) { _ in
                                .applied
                            }
                        }
                        for _ in 0..<pause * 10 { await Task.yield() }
                        gating.cancel()
                        _ = try? await gating.value
                    }
                }
            }
            await cancelAtAllPoints()
            let before = openDescriptors()
            await cancelAtAllPoints()
            await expectNoDescriptors(beyond: before)
            waits.stop()
            silent.stop()
        }
    }
}

private func cancelThisTask() {
    unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
}
