// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Testing

@Suite("A connection that fails", .timeLimit(.minutes(5))) struct ConnectionErrorTests {
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
        let identity = ConnectRequest(authToken: nil, componentName: nil)
        let error = await #expect(throws: ConnectionError.self) {
            try await withConnection(to: broker.path, as: identity) { _ in }
        }
        #expect(error?.code == .denied)
        #expect(error?.message.contains("the component needs a token") ?? false)
    }

    @Test func `who needs no name and is denied may be at the component socket`() async {
        let broker = ScriptedBroker { connection, _ in connection.deny() }
        defer { broker.stop() }
        let error = await failure(at: broker.path)
        #expect(error?.code == .notControl)
        #expect(error?.message.contains("this may be its component socket") ?? false)
    }

    @Test func `a path that the kernel would not take as it is is no socket's`() async {
        for path in ["", "/tmp/a\0b"] {
            #expect(await failure(at: path)?.code == .invalidPath)
        }
    }

    @Test func `a limit of this process is not put on the broker`() {
        let error = ConnectionError(.exhausted, "/p", because: "Too many open files")
        #expect(error.message.contains("ulimit -n") && !error.message.contains("journal"))
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

    @Test func `a request that is not answered fails, and says which`() async {
        let broker = ScriptedBroker { connection, event in
            if case .connect = event { connection.accept() } else { [] }
        }
        defer { broker.stop() }
        let error = await #expect(throws: ConnectionError.self) {
            try await withConnection(to: broker.path) { connection in
                try await connection.call(.getStatus, Empty(), within: .milliseconds(20))
            }
        }
        #expect(error?.code == .timedOut)
        #expect(error?.message.contains("no response to reprieve#GetStatus") ?? false)
    }

    @Test func `a request fails that is made while the connection waits without a limit`()
        async throws
    {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, .watchStatus, _): connection.respond(stream, [0])
            default: []
            }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            let (_, events) = try await connection.subscribe(.watchStatus, Empty())
            let late = connection.stream(.getStatus, Empty(), within: .milliseconds(20))
            for replies in [late, events] {
                let error = await #expect(throws: ConnectionError.self) {
                    for try await _ in replies {}
                }
                #expect(error?.message.contains("no response to reprieve#GetStatus") ?? false)
            }
        }
    }

    @Test func `a round trip that takes too long leaves the connection as it is`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _): connection.respond(stream, [7])
            default: []
            }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            await #expect(throws: CancellationError.self) {
                try await connection.roundTrip(within: .milliseconds(20))
            }
            let response = try await connection.call(.getStatus, Empty())
            #expect(response == [7])
        }
    }

    @Test func `a broker that sends more than is read ends its connection, not the program`()
        async throws
    {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, _, _):
                let large = [UInt8](repeating: 0, count: 1_024 * 1_024)
                let events = (0..<6).map { _ in connection.send(stream, large) }
                return connection.respond(stream, [0]) + events.joined()
            default: return []
            }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            let replies = connection.stream(.subscribeToComponentUpdates, Empty())
            await #expect(throws: ConnectionError.self) { try await connection.roundTrip() }
            var sizes: [Int] = []
            let error = await #expect(throws: ConnectionError.self) {
                for try await payload in replies { sizes.append(payload.count) }
            }
            #expect(error?.message.contains("faster than this program reads") ?? false)
            #expect(sizes == [1] + [Int](repeating: 1_024 * 1_024, count: 3))
        }
    }

    @Test func `of states that are not read the newest are kept`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: return connection.accept()
            case .request(let stream, _, _):
                let events = (UInt8(0)..<8).map { number in
                    let state = [UInt8](repeating: number, count: 1_024 * 1_024)
                    return connection.send(stream, state, isLast: number == 7)
                }
                return connection.respond(stream, [0]) + events.joined()
            case .reply(let pong): return pong
            default: return []
            }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            let replies = connection.stream(.watchStatus, Empty())
            try await connection.roundTrip()
            var seen: [UInt8] = []
            for try await payload in replies { seen.append(payload[0]) }
            #expect(seen == [0, 5, 6, 7])
        }
    }

    @Test func `a path and a reason are shown escaped`() {
        let error = ConnectionError(.broken, "/p\u{1B}[31m", because: "\u{9B}2J\u{202E}")
        #expect(error.message.contains(#"/p\u{1b}[31m"#))
        #expect(error.message.contains(#"\u{9b}2J\u{202e}"#))
        #expect(error.path == "/p\u{1B}[31m")
    }

    @Test func `a failure is temporary if a restart may end it`() {
        let temporary: [ConnectionError.Code] = [
            .noSocket, .refused, .timedOut, .exhausted, .broken,
        ]
        let lasting: [ConnectionError.Code] = [.notPermitted, .denied, .notControl, .notABroker]
        #expect(temporary.allSatisfy { ConnectionError($0, "/p").isTemporary })
        #expect(!lasting.contains { ConnectionError($0, "/p").isTemporary })
    }
}
