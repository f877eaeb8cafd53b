// SPDX-License-Identifier: Apache-2.0

import Reprieve
import ReprieveProtocol
import ScriptedBroker
import TestSupport
import Testing

/// What is logged when a component cannot take part: what is wrong, where, and what to do.
@Suite("A component that cannot take part says", .timeLimit(.minutes(5))) struct DiagnosticTests {
    private let log = LogRecorder()

    private func run(_ component: String = camera, at path: String, _ expected: String...) async {
        let updates = Updates(component: component, socket: path, logger: log.logger)
        async let _: Void = updates.run()
        let line = await log.next()
        for part in expected { #expect(line.contains(part), "\(line)") }
    }

    @Test func `that there is no socket`() async {
        await run(at: "/tmp/no-such-socket", "warning", "no socket at /tmp/no-such", "start")
    }

    @Test func `that no process listens`() async {
        let broker = ScriptedBroker { _, _ in nil }
        broker.stop()
        for await _ in broker.heard {}
        await run(at: broker.path, "no process listens at \(broker.path)", "start reprieved")
    }

    @Test func `that it is no broker`() async {
        let broker = ScriptedBroker { _, _ in Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8) }
        defer { broker.stop() }
        await run(at: broker.path, "\(broker.path) is no broker", "name reprieved's")
    }

    @Test func `that it may not open the socket`() async {
        await #expect(processExitsWith: .success) {
            limitProcess()
            let broker = ScriptedBroker { _, _ in nil }
            forbidOpening(broker.path)
            let log = LogRecorder()
            let updates = Updates(component: camera, socket: broker.path, logger: log.logger)
            async let _: Void = updates.run()
            let line = await log.next()
            #expect(line.contains("this user may not open \(broker.path)"), "\(line)")
        }
    }

    @Test func `that the broker denies it`() async {
        let broker = ScriptedBroker { connection, _ in connection.deny() }
        defer { broker.stop() }
        await run(at: broker.path, "\(broker.path) denied the connection", "needs a token")
    }

    @Test func `that the broker hung up in mid-handshake`() async {
        let broker = ScriptedBroker { _, _ in nil }
        defer { broker.stop() }
        await run(at: broker.path, "\(broker.path) broke", "see reprieved's journal")
    }

    @Test func `that its subscription is refused`() async {
        let broker = ScriptedBroker { connection, event in
            switch event {
            case .connect: connection.accept()
            case .request(let stream, _, _):
                connection.fail(stream, ErrorShape(.unauthorized, "the policy says no"))
            default: nil
            }
        }
        defer { broker.stop() }
        await run(at: broker.path, "refuses the subscription: the policy says no")
    }

    @Test func `that an event makes no sense`() async {
        let broker = broker(first: [Array(#"{"preUpdateEvent": 5}"#.utf8)])
        defer { broker.stop() }
        await run(at: broker.path, "sent an event that makes no sense", "same version")
    }

    @Test func `once that an event makes no sense, however often the broker repeats it`() async {
        let broker = broker(first: [Array(#"{"preUpdateEvent": 5}"#.utf8)])
        let updates = Updates(component: camera, socket: broker.path, logger: log.logger)
        async let _: Void = updates.run()
        var tries = 0
        for await event in broker.heard {
            if case .request = event { tries += 1 }
            if tries == 4 { break }
        }
        broker.stop()
        var lines: [String] = []
        while lines.last != "", !(lines.last ?? "").contains("no process listens") {
            lines.append(await log.next())
        }
        #expect(lines.count { $0.contains("makes no sense") } == 1, "\(lines)")
        #expect(lines.count { $0.contains("takes part in updates again") } == 1, "\(lines)")
    }

    @Test(arguments: ["", "two words", String(repeating: "x", count: 129), "a/b"])
    func `that its name cannot be one`(name: String) async {
        await run(name, at: "/tmp/no-such-socket", "error", "cannot be a component's name")
    }
}
