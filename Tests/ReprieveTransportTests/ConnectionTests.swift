// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Testing

@Suite struct ConnectionTests {
    @Test func `a call gets its response`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, .getStatus, _): connection.respond(stream, [1, 2, 3])
            default: []
            }
        }
        defer { broker.stop() }
        let response = try await withConnection(to: broker.path) {
            try await $0.call(.getStatus, Empty())
        }
        #expect(response == [1, 2, 3])
    }

    @Test func `the events of a stream come in order, after the response, and end with it`()
        async throws
    {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _):
                connection.respond(stream, [0]) + connection.send(stream, [1])
                    + connection.send(stream, [2], isLast: true)
            default: []
            }
        }
        defer { broker.stop() }
        var payloads: [[UInt8]] = []
        try await withConnection(to: broker.path) { connection in
            for try await payload in connection.stream(.watchStatus, Empty()) {
                payloads.append(payload)
            }
        }
        #expect(payloads == [[0], [1], [2]])
    }

    @Test func `an error of the broker is thrown as it is, and the connection lives on`()
        async throws
    {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, .forceUpdate, _):
                connection.fail(stream, ErrorShape(.conflict, "no"))
            case .request(let stream, _, _): connection.respond(stream, [7])
            default: []
            }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            await #expect(throws: ErrorShape(.conflict, "no")) {
                try await connection.call(.forceUpdate, Empty())
            }
            let response = try await connection.call(.getStatus, Empty())
            #expect(response == [7])
        }
    }

    @Test func `after a round trip all is there that was said before`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _):
                connection.respond(stream, [0]) + connection.send(stream, [1])
            case .reply(let pong): pong
            default: []
            }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            let replies = connection.stream(.watchStatus, Empty())
            try await connection.roundTrip()
            // Whoever is cancelled gets what has arrived, and no more.
            let hearing = Task {
                var payloads: [[UInt8]] = []
                for try await payload in replies { payloads.append(payload) }
                return payloads
            }
            hearing.cancel()
            #expect(try await hearing.value == [[0], [1]])
        }
    }

    @Test func `a round trip to nobody fails`() async throws {
        let broker = ScriptedBroker { connection, event in
            if case .connect = event { connection.accept() } else { nil }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            _ = await #expect(throws: ConnectionError.self) { try await connection.roundTrip() }
        }
    }

    @Test func `to stop listening closes the stream`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _): connection.respond(stream, [0])
            default: []
            }
        }
        try await withConnection(to: broker.path) { connection in
            for try await _ in connection.stream(.watchStatus, Empty()) { break }
            var closed = false
            for await event in broker.heard {
                if case .closed(stream: 1, .watchStatus, _) = event {
                    closed = true
                    break
                }
            }
            #expect(closed)
        }
        broker.stop()
    }

    @Test func `a broker that hangs up ends everything that waits`() async throws {
        let broker = ScriptedBroker { connection, event in
            if case .connect = event { connection.accept() } else { nil }
        }
        defer { broker.stop() }
        let error = await #expect(throws: ConnectionError.self) {
            try await withConnection(to: broker.path) { try await $0.call(.getStatus, Empty()) }
        }
        #expect(error?.code == .broken)
    }

    @Test func `a request larger than the socket's buffer arrives whole`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, let payload):
                connection.respond(stream, Array(String(payload.count).utf8))
            default: []
            }
        }
        defer { broker.stop() }
        let requests = (0..<40).map { _ in
            ReasonedRequest(deploymentID: "d", reason: String(repeating: "r", count: 60_000))
        }
        try await withConnection(to: broker.path) { connection in
            let replies = requests.map { connection.stream(.cancelUpdate, $0) }
            for replies in replies {
                for try await payload in replies {
                    #expect(payload == Array(String(requests[0].encoded().count).utf8))
                }
            }
        }
    }

    @Test func `a cancelled call throws CancellationError`() async throws {
        let broker = ScriptedBroker { connection, event in
            if case .connect = event { connection.accept() } else { [] }
        }
        defer { broker.stop() }
        let calling = Task {
            try await withConnection(to: broker.path) { try await $0.call(.getStatus, Empty()) }
        }
        for await event in broker.heard {
            if case .request = event { break }
        }
        calling.cancel()
        await #expect(throws: CancellationError.self) { try await calling.value }
    }
}

@Suite struct ConnectionErrorTests {
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
        let broker = ScriptedBroker { _, _ in nil }
        broker.stop()
        for await _ in broker.heard {}
        #expect(await failure(at: broker.path)?.code == .refused)
        #expect(await failure(at: "/" + String(repeating: "x", count: 200))?.code == .noSocket)
    }

    @Test func `a denial is no breakdown`() async {
        let broker = ScriptedBroker { connection, _ in connection.deny() }
        defer { broker.stop() }
        #expect(await failure(at: broker.path)?.code == .denied)
    }

    @Test func `what answers with something else is no broker`() async {
        let broker = ScriptedBroker { _, _ in Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) }
        defer { broker.stop() }
        #expect(await failure(at: broker.path)?.code == .notABroker)
    }

    @Test func `a broker that says nothing is given up`() async {
        let broker = ScriptedBroker { _, _ in [] }
        defer { broker.stop() }
        let error = await failure(at: broker.path, timeout: .milliseconds(20))
        #expect(error?.code == .timedOut)
    }

    @Test func `only what a restart may mend is temporary`() {
        let temporary: [ConnectionError.Code] = [.noSocket, .refused, .timedOut, .broken]
        let lasting: [ConnectionError.Code] = [.notPermitted, .denied, .notABroker]
        #expect(temporary.allSatisfy { ConnectionError($0, "/p").isTemporary })
        #expect(!lasting.contains { ConnectionError($0, "/p").isTemporary })
    }
}

@Suite struct BackoffTests {
    private struct Highest: RandomNumberGenerator {
        mutating func next() -> UInt64 { .max }
    }

    private struct Lowest: RandomNumberGenerator {
        // Not 0, which an unbiased choice would throw away for ever.
        mutating func next() -> UInt64 { 1 << 20 }
    }

    @Test func `waits double from 100 ms to 5 s`() {
        var backoff = Backoff()
        var random = Highest()
        let delays = (0..<8).map { _ in backoff.next(using: &random) }
        #expect(delays == [100, 200, 400, 800, 1600, 3200, 5000, 5000].map { .milliseconds($0) })
    }

    @Test func `chance takes off half at most`() {
        var backoff = Backoff()
        var random = Lowest()
        #expect(backoff.next(using: &random) == .milliseconds(50))
    }
}

@Suite struct SocketPathTests {
    @Test func `an ordinary user's broker is in the runtime directory`() {
        let user = SocketPath.path("a", isRoot: false, runtimeDirectory: "/run/user/7")
        #expect(user == "/run/user/7/reprieve/a")
        let root = SocketPath.path("a", isRoot: true, runtimeDirectory: "/run/user/0")
        #expect(root == "/run/reprieve/a")
        let bare = SocketPath.path("a", isRoot: false, runtimeDirectory: nil)
        #expect(bare == "/run/reprieve/a")
    }
}
