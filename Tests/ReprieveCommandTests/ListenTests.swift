// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveProtocol
import Testing

@testable import reprieve_cli

@Suite struct ReplyTests {
    @Test(arguments: [
        ("30s recording", 30_000, "recording"), ("30s recording\n", 30_000, "recording"),
        ("500ms  two words\nmore\n", 500, "two words"), ("1h\tbusy", 3_600_000, "busy"),
    ])
    func `a deferral has a duration and says why`(output: String, time: Int64, why: String) {
        #expect(Reply(deferring: output) == .defer(milliseconds: time, message: why))
    }

    @Test(arguments: ["2h", "2h\n", "2h ", " 2h\n"])
    func `it need not say why`(output: String) {
        #expect(Reply(deferring: output) == .defer(milliseconds: 7_200_000, message: nil))
    }

    @Test(arguments: ["", "\n30s", "recording", "0", "0s", "-1s", "30", "30 s", "1.5h", "9999999h"])
    func `without a duration it is none`(output: String) {
        #expect(Reply(deferring: output) == nil)
    }
}

@Suite struct NoticeEnvironmentTests {
    private func variables(_ heard: Heard, _ now: ContinuousClock.Instant) -> [String: String] {
        Dictionary(uniqueKeysWithValues: heard.environment(at: now).map { ($0.name, $0.value) })
    }

    @Test func `the time that a notice has waited is not left any more`() {
        var notice = PreUpdateEvent(deploymentID: "d", isGgcRestarting: false)
        notice.respondByMs = 60_000
        notice.deadlineInMs = 500
        notice.maxDeferMs = 1_000
        let arrival = ContinuousClock.now
        let variables = variables(.notice(notice, at: arrival), arrival + .seconds(2))
        #expect(variables["REPRIEVE_RESPOND_BY_MS"] == "58000")
        #expect(variables["REPRIEVE_DEADLINE_IN_MS"] == "0")
        #expect(variables["REPRIEVE_MAX_DEFER_MS"] == "1000")
    }

    @Test func `plain Greengrass asks once, so that is final`() {
        let notice = PreUpdateEvent(deploymentID: "d", isGgcRestarting: true)
        let variables = variables(.notice(notice, at: .now), .now)
        #expect(variables["REPRIEVE_FINAL"] == "true")
        #expect(variables["REPRIEVE_ROUND"] == "")
        #expect(variables["REPRIEVE_RESPOND_BY_MS"] == "")
    }

    @Test func `a notice and an outcome set the same variables`() {
        let notice = PreUpdateEvent(deploymentID: "d", isGgcRestarting: true)
        let post = PostUpdateEvent(deploymentID: "d", outcome: nil)
        let asked = variables(.notice(notice, at: .now), .now)
        let told = variables(.outcome(post), .now)
        #expect(asked.keys.sorted() == told.keys.sorted())
        #expect(told["REPRIEVE_OUTCOME"] == "unknown")
        #expect(told["REPRIEVE_FINAL"] == "")
    }
}

@Suite(.serialized) struct CaptiveTests {
    private func result(
        _ script: String,
        within limit: Duration = .seconds(60),
        grace: Duration = .seconds(60)
    ) async throws -> Captive.Result {
        let command = try Command(["sh", "-c", script], searchPath: "/bin")
        return await (try Captive(command, environment: [])).end(within: limit, grace: grace)
    }

    @Test func `its output is caught up to a limit, and the rest dropped`() async throws {
        let result = try await result("printf abc; head -c 1000000 /dev/zero; exit 3")
        #expect(result.ending == .exited(3))
        #expect(result.output.prefix(4) == [97, 98, 99, 0])
        #expect(result.output.count == 65_536)
    }

    @Test func `it has no input`() async throws {
        #expect(try await result("cat").ending == .exited(0))
    }

    @Test func `at its limit it is told to end, and after the grace it is killed`() async throws {
        let told = try await result("trap 'exit 4' TERM; sleep 60 & wait", within: .zero)
        #expect(told.wasEnded)
        let killed = try await result("trap '' TERM; sleep 60", within: .zero, grace: .zero)
        #expect(killed.ending == .killed(SIGKILL))
    }
}
