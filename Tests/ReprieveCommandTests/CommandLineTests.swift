// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import ReprieveProtocol
import Testing

@testable import reprieve_cli

@Suite("A command line") struct CommandLineTests {
    private func message(_ arguments: [String]) throws -> String {
        let error = #expect(throws: (any Error).self) { try ReprieveCommand.parsed(arguments) }
        return try ReprieveCommand.fullMessage(for: #require(error))
    }

    @Test func `a subcommand gets its arguments`() throws {
        let command = try ReprieveCommand.parsed([
            "gate", "--reason", "r", "--", "gate", "--reason",
        ])
        let gate = try #require(command as? GateCommand)
        #expect(gate.announcement.reason == "r")
        #expect(gate.command == ["gate", "--reason"])
    }

    @Test func `what is wrong is explained for the whole command`() throws {
        let message = try message(["gate", "--nonsense"])
        #expect(message.contains("Usage: reprieve gate"))
    }

    @Test func `each subcommand tells the program's version`() throws {
        #expect(try message(["gate", "--version"]) == "reprieve \(productVersion)")
    }

    @Test func `the help of a subcommand is that of the whole command`() throws {
        #expect(!(try ReprieveCommand.parsed(["gate", "--help-hidden"]) is GateCommand))
    }

    @Test func `the words of an option are listed as they are written`() {
        #expect(Disruption.allValueStrings.contains("soft-reboot"))
        #expect(OnSilence.allValueStrings == ["proceed", "refuse"])
    }
}
