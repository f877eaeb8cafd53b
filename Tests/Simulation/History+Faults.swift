// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker

// What fails below the performer in a history: files, sockets, and the broker's process between
// any two operations.

extension History {
    /// As many operations as a few turns take.
    private static let mostOperations = 12

    mutating func breakHost(_ move: Move) {
        transcript.append("\(move)")
        switch move {
        case .brokerDiesSoon where harness.host.failingFiles.isEmpty:
            harness.host.operationsLeft = Int.random(in: 0...Self.mostOperations, using: &dice)
        case .diskFails where harness.host.operationsLeft == nil:
            let file = StoredFile.allCases.randomElement(using: &dice) ?? .journal
            harness.host.failingFiles.insert(file)
        case .diskWorks: repairDisk()
        case .fileIsReplaced:
            let file = StoredFile.allCases.randomElement(using: &dice) ?? .journal
            harness.host.refusingFiles.insert(file)
        default: break
        }
    }

    /// The disk works again, and the broker has had the time to find that out.
    private mutating func repairDisk() {
        guard !harness.host.failingFiles.isEmpty else { return }
        harness.host.failingFiles = []
        harness.pass(.seconds(5))
    }

    /// Nothing fails any more: what is promised of a death holds for the files as they are now.
    mutating func repairHost() {
        harness.host.operationsLeft = nil
        repairDisk()
        observe()
    }

    /// The broker has died between two operations, or in the middle of one. What peers have heard
    /// must be recalled, and what is recalled must be what stood at the end of some step.
    mutating func buryBroker() {
        transcript.append("the broker dies in the middle")
        guard let death = harness.death else { return objections.append("it died unseen") }
        let trace = death.trace
        let states = [trace.first?.before ?? death.before] + trace.map(\.after)
        if death.slept == .zero { objectToSurvivors(of: states) }
        var recalled = harness.recalled(losing: harness.host.kept)
        _ = recalled.handle(.sent, at: harness.now)
        let slept = states.indices.map { index in
            trace.prefix(index).contains { $0.isSleep } ? .zero : death.slept
        }
        let last = states.indices.last { index in
            var checker = checker
            let now = harness.now
            return checker.restart(states[index], slept: slept[index], at: now).0 == recalled
        }
        guard let last else {
            return objections.append("6: what is recalled never was")
        }
        for entry in trace.prefix(last) { objections += checker.enter(entry) }
        for peer in harness.clients.keys.sorted() { hearLastWords(of: peer) }
        let (_, more) = checker.restart(states[last], slept: slept[last], at: harness.now)
        objections += more
        harness.restart(losing: harness.host.kept)
        harness.keepTrace()
    }

    /// What arrived before the death. What did not is nobody's fault.
    private mutating func hearLastWords(of peer: PeerID) {
        for event in harness.heard(by: peer) { objections += checker.hear(event, by: peer) }
    }
}

extension TraceEntry {
    fileprivate var isSleep: Bool {
        if case .slept = event { true } else { false }
    }
}
