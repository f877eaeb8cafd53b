// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import Testing

@Suite("A suggestion") struct SuggestionTests {
    @Test(arguments: [
        ("gaet", "gate"), ("Gate", "gate"), ("statu", "status"), ("statuss", "status"),
        ("stat", "status"),
        ("histroy", "history"),
    ])
    func `is the word that is closest`(typed: String, meant: String) {
        #expect(closest(to: typed, among: ["gate", "status", "history"]) == meant)
    }

    @Test(arguments: ["", "x", "frobnicate", "stat\u{301}"])
    func `is none where no word is close`(typed: String) {
        #expect(suggestion(for: typed, among: ["gate", "history"]) == "")
    }

    @Test func `is none for a very long word`() {
        let word = String(repeating: "a", count: 100_000)
        #expect(suggestion(for: word, among: [word + "b"]) == "")
    }
}
