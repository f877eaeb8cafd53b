// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveCoordinator
import ReprieveProtocol
import ScriptedBroker
import Testing

@Suite("A gate that cannot be announced", .timeLimit(.minutes(5))) struct GateErrorTests {
    private func error(at path: String, of update: Update = Update("d-1")) async -> GateError? {
        await error(of: update, GatePolicy(), at: path)
    }

    private func error(
        of update: Update,
        _ policy: GatePolicy = GatePolicy(),
        at path: String = "/nowhere"
    ) async -> GateError? {
        await #expect(throws: GateError.self) {
            try await withGate(for: update, policy: policy, controlSocket: path) { _ in
                Issue.record("it ran")
                return .applied
            }
        }
    }

    @Test(arguments: ["/nowhere/at.all", "/dev/null/socket"])
    func `since no socket is there`(path: String) async {
        let error = await error(at: path)
        #expect(error?.code == .noBroker)
        #expect(error?.message.contains(path) == true)
    }

    @Test func `since no process listens any more`() async {
        let broker = ScriptedBroker { _, _ in nil }
        broker.stop()
        for await _ in broker.heard {}
        let error = await error(at: broker.path)
        #expect(error?.code == .noBroker)
        #expect(error?.message.contains(broker.path) ?? false)
    }

    @Test func `since what listens speaks something else`() async {
        let broker = ScriptedBroker { _, _ in Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) }
        defer { broker.stop() }
        let error = await error(at: broker.path)
        #expect(error?.code == .notABroker)
        #expect(error?.message.contains(broker.path) ?? false)
    }

    @Test func `since the broker denies the connection`() async {
        let broker = ScriptedBroker { connection, _ in connection.deny() }
        defer { broker.stop() }
        let error = await error(at: broker.path)
        #expect(error?.code == .denied)
        #expect(error?.message.contains(broker.path) ?? false)
    }

    @Test func `since the broker does not answer in the handshake`() async throws {
        let broker = ScriptedBroker { _, _ in [] }
        defer { broker.stop() }
        var control = ControlClient(path: broker.path)
        control.handshakeTimeout = .milliseconds(50)
        let error = await #expect(throws: GateError.self) {
            try await control.withGate(
                GateRequest(deploymentID: "d-1"),
                progress: { _ in },
                body: { _ in .applied }
            )
        }
        #expect(error?.code == .noAnswer)
        #expect(error?.message.contains(broker.path) ?? false)
    }

    @Test(arguments: [
        (ErrorShape(.conflict, "x"), GateError.Code.conflict),
        (ErrorShape(.serviceError, "x"), .rejected), (ErrorShape(.invalidArguments, "x"), .invalid),
        (ErrorShape(.resourceNotFound, "x"), .unknownComponent),
        (ErrorShape(.unauthorized, "x"), .notPermitted),
    ])
    func `since the broker answers with an error`(answer: ErrorShape, code: GateError.Code) async {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _): connection.fail(stream, answer)
            default: []
            }
        }
        defer { broker.stop() }
        let error = await error(at: broker.path)
        #expect(error?.code == code)
        #expect(error?.message == "x")
    }

    @Test(arguments: [0, 257])
    func `since its id is empty or too long`(count: Int) async {
        let id = String(repeating: "x", count: count)
        let error = await error(at: "/nowhere", of: Update(id))
        #expect(error?.code == .invalid)
        #expect(error?.message == "an update's id has 1 to 256 bytes, this one has \(count)")
        let other = await #expect(throws: GateError.self) { try await complete(id, .applied) }
        #expect(other == error)
    }

    @Test func `since a name is not a component name`() async {
        let error = await error(of: Update("d-1", components: ["a", "no spaces"]))
        #expect(error?.code == .invalid)
        #expect(error?.message == "components: \"no spaces\" is not a component name")
        var policy = GatePolicy()
        policy.required = [""]
        #expect(await self.error(of: Update("d-1"), policy)?.code == .invalid)
    }

    @Test func `since a duration is out of range`() async {
        var policy = GatePolicy()
        policy.deadline = .seconds(-1)
        #expect(await error(of: Update("d-1"), policy)?.code == .invalid)
        policy.deadline = .seconds(Int64.max)
        #expect(await error(of: Update("d-1"), policy)?.code == .invalid)
    }
}
