// SPDX-License-Identifier: Apache-2.0

import ReprieveCoordinator
import ReprieveProtocol
import Testing

@testable import reprieve_cli

@Suite("A duration") struct DurationTests {
    @Test(arguments: [
        ("500ms", 500), ("30s", 30_000), ("10m", 600_000), ("2h", 7_200_000), ("0", 0), ("0s", 0),
        ("1h30m", 5_400_000), ("2d", 172_800_000), ("5min", 300_000), ("1m30s500ms", 90_500),
    ])
    func `is whole numbers and their units`(text: String, expected: Int64) throws {
        #expect(try milliseconds(text) == expected)
    }

    @Test(arguments: [
        "", "5", "-5s", "1.5s", "5 s", "s", "5w", "1h30", "h1", "1h 30m", "99999999999999999999s",
        "٣s",
    ])
    func `is nothing else`(text: String) {
        #expect(throws: (any Error).self) { try milliseconds(text) }
    }

    @Test func `has a limit`() {
        #expect(throws: (any Error).self) { try milliseconds("9000000000000000h") }
        #expect(throws: (any Error).self) { try milliseconds("30000d30000d") }
    }

    @Test(arguments: [
        (0, "0 s"), (40, "0.1 s"), (400, "0.4 s"), (1_001, "2 s"), (119_000, "119 s"),
        (600_000, "10 min"), (7_200_000, "2 h"),
    ])
    func `is rounded for people`(number: Int64, expected: String) {
        #expect(duration(number) == expected)
    }
}

@Suite("A reported outcome") struct ReportedOutcomeTests {
    @Test(arguments: [
        ("applied", Outcome.applied), ("failed", .failed), ("rolled-back", .rolledBack),
    ])
    func `has the words of the command line`(text: String, outcome: Outcome) {
        #expect(ReportedOutcome(argument: text)?.outcome == outcome)
        #expect(ReportedOutcome.allValueStrings.contains(text))
    }

    @Test(arguments: ["rolledBack", "cancelled", "unknown", "postponed", "Applied", ""])
    func `is none of the others`(text: String) {
        #expect(ReportedOutcome(argument: text) == nil)
    }
}
