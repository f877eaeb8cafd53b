// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Testing

@Suite("A connection that fails") struct ConnectionErrorTests {
    private func failure(at path: String, timeout: Duration = .seconds(10)) async
        -> ConnectionError?
    {
        await #expect(throws: ConnectionError.self) {
            try await withConnection(to: path, timeout: timeout) { _ in }
        }
    }

    @Test func `no socket, one without a listener, and a path too long are told apart`() async {
        let missing = await failure(at: "/tmp/there-is-no-such-socket")
        #expect(missing?.code == .noSocket)
        #expect(missing?.message.contains("/tmp/there-is-no-such-socket") ?? false)
        #expect(missing.map { "\($0)" } == missing?.message)
        let broker = ScriptedBroker { _, _ in nil }
        broker.stop()
        for await _ in broker.heard {}
        #expect(await failure(at: broker.path)?.code == .refused)
        #expect(await failure(at: "/" + String(repeating: "x", count: 200))?.code == .invalidPath)
    }

    @Test func `a denial is told apart`() async {
        let broker = ScriptedBroker { connection, _ in connection.deny() }
        defer { broker.stop() }
        #expect(await failure(at: broker.path)?.code == .denied)
    }

    @Test func `a peer that answers in another protocol is no broker`() async {
        let broker = ScriptedBroker { _, _ in Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) }
        defer { broker.stop() }
        #expect(await failure(at: broker.path)?.code == .notABroker)
    }

    @Test func `a broker that does not answer is given up`() async {
        let broker = ScriptedBroker { _, _ in [] }
        defer { broker.stop() }
        let error = await failure(at: broker.path, timeout: .milliseconds(20))
        #expect(error?.code == .timedOut)
    }

    @Test func `a failure is temporary if a restart may end it`() {
        let temporary: [ConnectionError.Code] = [.noSocket, .refused, .timedOut, .broken]
        let lasting: [ConnectionError.Code] = [.notPermitted, .denied, .notABroker]
        #expect(temporary.allSatisfy { ConnectionError($0, "/p").isTemporary })
        #expect(!lasting.contains { ConnectionError($0, "/p").isTemporary })
    }
}
