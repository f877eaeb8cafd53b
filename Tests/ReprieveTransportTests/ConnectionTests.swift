// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import ReprieveTransport
import ScriptedBroker
import Testing

@Suite("A connection") struct ConnectionTests {
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

    @Test func `the response and the events of a stream come apart, in order`() async throws {
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
        try await withConnection(to: broker.path) { connection in
            let (response, events) = try await connection.subscribe(.watchStatus, Empty())
            #expect(response == [0])
            var payloads: [[UInt8]] = []
            for try await event in events { payloads.append(event) }
            #expect(payloads == [[1], [2]])
        }
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

    @Test func `after a round trip all has arrived that was sent before`() async throws {
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
            // A cancelled task gets what has arrived, and no more.
            let hearing = Task {
                var payloads: [[UInt8]] = []
                for try await payload in replies { payloads.append(payload) }
                return payloads
            }
            hearing.cancel()
            #expect(try await hearing.value == [[0], [1]])
        }
    }

    @Test func `a round trip fails when the broker hangs up`() async throws {
        let broker = ScriptedBroker { connection, event in
            if case .connect = event { connection.accept() } else { nil }
        }
        defer { broker.stop() }
        try await withConnection(to: broker.path) { connection in
            _ = await #expect(throws: ConnectionError.self) { try await connection.roundTrip() }
        }
    }

    @Test func `a stream is closed when its iteration stops`() async throws {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _): connection.respond(stream, [0])
            default: []
            }
        }
        try await withConnection(to: broker.path) { connection in
            _ = try await connection.subscribe(.watchStatus, Empty())
            var isClosed = false
            for await event in broker.heard {
                if case .closed(stream: 1, .watchStatus, _) = event { isClosed = true }
                if isClosed { break }
            }
            #expect(isClosed)
        }
        broker.stop()
    }

    @Test func `a broker that hangs up ends all requests`() async throws {
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
