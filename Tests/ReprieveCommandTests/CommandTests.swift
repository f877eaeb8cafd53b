// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Glibc
import ReprieveProtocol
import Testing

@testable import reprieve_cli

@Suite struct CommandLookupTests {
    @Test func `a command is found in the search path`() throws {
        let command = try Command(["sh", "-c", "true"], searchPath: "/nowhere:/bin")
        #expect(command.path == "/bin/sh")
        #expect(command.arguments == ["sh", "-c", "true"])
    }

    @Test func `a path is taken as it is`() throws {
        #expect(try Command(["/bin/sh"], searchPath: "").path == "/bin/sh")
    }

    @Test(arguments: ["no-such-command", "/no/such/command", "/etc/passwd", "/etc", ""])
    func `what cannot be run is found out before`(name: String) {
        let failure = #expect(throws: Failure.self) { try Command([name], searchPath: "/bin") }
        #expect(failure?.exitCode == 127)
    }
}

@Suite(.serialized) struct ChildTests {
    private func ending(_ script: String) async throws -> Child.Ending {
        let command = try Command(["sh", "-c", script], searchPath: "/bin")
        let child = try Child(command, environment: [("REPRIEVE_BASIS", "consent")])
        await child.end()
        return child.reap()
    }

    @Test func `a command's exit code is its ending`() async throws {
        #expect(try await ending("exit 7") == .exited(7))
    }

    @Test func `a command has the gate's variables`() async throws {
        #expect(try await ending("test $REPRIEVE_BASIS = consent") == .exited(0))
    }

    @Test func `a command that dies of a signal ends with 128 and its number`() async throws {
        let ending = try await ending("kill -TERM $$")
        #expect(ending == .killed(SIGTERM))
        #expect(ending.exitCode == 143)
    }

    @Test func `a signal is passed on, unless the terminal has done so`() async throws {
        let command = try Command(["sleep", "60"], searchPath: "/bin:/usr/bin")
        let child = try Child(command, environment: [])
        child.pass(Signal(number: SIGTERM, isFromTerminal: true))
        child.pass(Signal(number: SIGHUP))
        await child.end()
        #expect(child.reap() == .killed(SIGHUP))
    }
}

@Suite struct GateCommandTests {
    private func request(_ arguments: String...) throws -> GateRequest {
        let command = try ReprieveCommand.parseAsRoot(["gate"] + arguments)
        return try #require(command as? GateCommand).announcement.request("d-1")
    }

    @Test func `what is not asked for is left to the broker`() throws {
        #expect(try request() == GateRequest(deploymentID: "d-1"))
    }

    @Test func `every option has its place in the request`() throws {
        let request = try request(
            "--reason",
            "r",
            "--restarts-nucleus",
            "--component",
            "a.b",
            "--component",
            "c.d",
            "--require",
            "e.f",
            "--response-timeout",
            "10s",
            "--deadline",
            "0",
            "--max-defer",
            "1m",
            "--max-total-defer",
            "1h",
            "--on-silence",
            "refuse",
            "--skip-notify"
        )
        var policy = PolicyShape()
        policy.action = .skip
        policy.responseTimeoutMs = 10_000
        policy.deadlineMs = 0
        policy.maxDeferMs = 60_000
        policy.maxTotalDeferMs = 3_600_000
        policy.onSilence = .refuse
        policy.require = ["e.f"]
        let expected = GateRequest(
            deploymentID: "d-1",
            reason: "r",
            isGgcRestarting: true,
            components: ["a.b", "c.d"],
            policy: policy
        )
        #expect(request == expected)
    }

    @Test(arguments: [
        ["--deadline", "5"], ["--component", "a b"], ["--deployment-id", ""],
        ["--on-silence", "wait"], ["stray"],
    ])
    func `wrong usage is refused with 64`(arguments: [String]) {
        let error = #expect(throws: (any Error).self) {
            try ReprieveCommand.parseAsRoot(["gate"] + arguments)
        }
        #expect(error.map { ReprieveCommand.exitCode(for: $0).rawValue } == 64)
    }

    @Test func `a new id is 16 digits long and not the last one`() {
        let (one, other) = (newDeploymentID(), newDeploymentID())
        #expect(one.hasPrefix("gate-") && one.utf8.count == 21)
        #expect(one != other)
    }
}
