// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ReprieveProtocol
import Testing

@testable import reprieve_cli

@Suite("The command gate") struct GateCommandTests {
    private func request(_ arguments: [String] = []) throws -> GateRequest {
        let command = try ReprieveCommand.parseAsRoot(["gate"] + arguments)
        let gate = try #require(command as? GateCommand)
        return gate.announcement.request("d-1", reboots: gate.reboots, completesLater: false)
    }

    @Test func `an option that is not given is left to the broker`() throws {
        #expect(try request() == GateRequest(deploymentID: "d-1"))
    }

    @Test(
        arguments: [
            (["--disruption", "kexec"], .kexec), (["--restarts-nucleus"], .nucleus),
            (["--reboots", "--", "true"], .reboot),
            (["--restarts-nucleus", "--disruption", "halt"], .halt),
            (["--disruption", "soft-reboot", "--reboots", "--", "true"], .softReboot),
        ] as [([String], Disruption)]
    )
    func `flags imply a disruption where none is given`(arguments: [String], kind: Disruption)
        throws
    {
        #expect(try request(arguments).disruption == kind)
    }

    @Test func `every option is part of the request`() throws {
        let request = try request([
            "--reason", "r", "--restarts-nucleus", "--component", "a.b", "--component", "c.d",
            "--require", "e.f", "--response-timeout", "10s", "--deadline", "0", "--max-defer",
            "1m", "--max-total-defer", "1h", "--on-silence", "refuse",
            "--on-absence", "proceed",
        ])
        var policy = PolicyShape()
        policy.responseTimeoutMs = 10_000
        policy.deadlineMs = 0
        policy.maxDeferMs = 60_000
        policy.maxTotalDeferMs = 3_600_000
        policy.onSilence = .refuse
        policy.require = ["e.f"]
        policy.onAbsence = .proceed
        var expected = GateRequest(
            deploymentID: "d-1",
            reason: "r",
            disruption: .nucleus,
            components: ["a.b", "c.d"],
            policy: policy
        )
        expected.refusesUnknown = true
        #expect(request == expected)
        #expect(try self.request(["--skip-notify"]).policy.action == .skip)
    }

    @Test func `an unknown name is refused only where one is given, and not if it is allowed`()
        throws
    {
        #expect(try request(["--component", "a.b"]).refusesUnknown)
        #expect(try !request(["--component", "a.b", "--allow-unmatched"]).refusesUnknown)
        #expect(try !request([]).refusesUnknown)
    }

    @Test(arguments: [
        ["--deadline", "5"], ["--component", "a b"], ["--deployment-id", ""],
        ["--on-silence", "wait"], ["--disruption", "teleport"],
        ["--disruption", "components", "--restarts-nucleus"],
        ["--disruption", "nucleus", "--reboots", "--", "true"],
        ["--on-absence", "wait"], ["--attach"], ["stray"],
        ["--attach", "--deployment-id", "d", "--reason", "x"], ["--skip-notify", "--require", "a"],
        ["--attach", "--deployment-id", "d", "--", "true"], ["--not-run-code", "0"],
    ])
    func `wrong usage is refused with 64`(arguments: [String]) {
        let error = #expect(throws: (any Error).self) {
            try ReprieveCommand.parseAsRoot(["gate"] + arguments)
        }
        #expect(error.map { ReprieveCommand.exitCode(for: $0).rawValue } == 64)
    }

    @Test func `a name stands for an id, and is told in the reason`() throws {
        let update = try UpdateArgument(argument: "@mender")
        #expect(update.id == deploymentID(named: "mender"))
        #expect(update.reason("a new system") == "mender: a new system")
        #expect(update.reason(nil) == "mender")
        #expect(try UpdateArgument(argument: "d").reason("why") == "why")
    }
}
