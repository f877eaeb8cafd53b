// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Testing

@Suite("A damaged file") struct DamagedFileTests {
    /// A journal with two components, one of which has deferred.
    private func harness() -> BrokerHarness {
        var harness = BrokerHarness()
        let arm = harness.component("com.example.Arm")
        _ = harness.component("com.example.Camera")
        let coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        harness.answer(arm, "d-1", 30_000)
        return harness
    }

    /// What is recalled from a journal, and what is said of it.
    private func recall(
        _ journal: [UInt8],
        _ harness: BrokerHarness,
        boot: String? = nil
    ) -> (Negotiation, [String]) {
        recall([.journal: FoundFile(bytes: journal)], harness, boot, at: harness.now)
    }

    private func recall(
        _ files: [StoredFile: FoundFile],
        _ harness: BrokerHarness,
        _ boot: String?,
        at now: Instant
    ) -> (Negotiation, [String]) {
        var settings = harness.broker.settings
        settings.boot = boot ?? settings.boot
        let reading = Reading(now: now)
        var broker = Broker(settings: settings, recalling: files, at: reading)
        let findings = broker.step([], at: reading).log.compactMap { entry in
            if case .damaged(_, let finding) = entry { finding } else { nil }
        }
        return (broker.negotiation, findings)
    }

    @Test func `gives what it held before the page that was torn, wherever it was cut`() {
        let harness = harness()
        let whole = recall(harness.journal, harness)
        #expect(whole.1.isEmpty)
        for count in 1..<harness.journal.count {
            let (negotiation, findings) = recall(Array(harness.journal.prefix(count)), harness)
            #expect(negotiation != whole.0)
            if let update = negotiation.updates["d-1"] {
                #expect(update.participants.count == 2, "no page counts by half")
            }
            #expect(findings.count <= 1)
        }
    }

    @Test func `gives everything but the record that was hit, whichever bit is flipped`() {
        let harness = harness()
        for index in harness.journal.indices {
            var bytes = harness.journal
            bytes[index] ^= 1 << UInt8(index % 8)
            let (negotiation, findings) = recall(bytes, harness)
            #expect(findings.count == 1 && findings[0].contains("damaged"))
            let count = negotiation.updates["d-1"]?.participants.count
            #expect(count == nil || count ?? 0 >= 1)
        }
    }

    @Test func `of another boot is void, and says so`() {
        let harness = harness()
        let (_, findings) = recall(harness.journal, harness, boot: "another")
        #expect(findings == ["it was written in another boot, and is void"])
    }

    @Test func `gives no instant of another boot when the frame is hit that names the boot`() {
        var harness = BrokerHarness()
        harness.pass(.seconds(500_000))
        let coordinator = harness.operatorAtControl()
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: "d-1"))
        var state = harness.state
        state[20] ^= 1
        let start = Instant(sinceBoot: .seconds(5))
        let files = [StoredFile.state: FoundFile(bytes: state)]
        let (negotiation, findings) = recall(files, harness, "another", at: start)
        #expect(findings.count == 1)
        #expect(negotiation.updates["d-1"]?.release?.at == start)
    }

    @Test func `may hold anything, and nothing comes of it`() {
        let harness = harness()
        var dice = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            let bytes = (0..<300).map { _ in UInt8.random(in: 0...255, using: &dice) }
            #expect(recall(bytes, harness).0.updates.isEmpty)
        }
    }
}
