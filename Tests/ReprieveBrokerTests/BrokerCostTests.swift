// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol
import TestSupport
import Testing

/// What a broker does where components are many. Four times as many may cost four times as much,
/// not sixteen times.
@Suite("Cost of a broker", .serialized) struct BrokerCostTests {
    private static let factor = 9

    private func names(_ count: Int) -> [String] {
        (0..<count).map { "com.example.Part1.N\(10_000 + $0)" }
    }

    /// Components that subscribe, every other one twice: the notices of two differ.
    private func components(_ count: Int) -> BrokerHarness {
        var harness = BrokerHarness()
        for (index, name) in names(count).enumerated() {
            let peer = harness.newPeer(isDeaf: true)
            let connect = harness.frame(of: peer) { $0.connect(ConnectRequest(authToken: name)) }
            let credentials = Credentials(process: Int32(index + 10), user: BrokerHarness.user)
            harness.turn(
                .connected(peer, .components, credentials),
                .received(connect, from: peer)
            )
            for _ in 0...index % 2 {
                harness.ask(peer, .subscribeToComponentUpdates, SubscribeRequest())
            }
        }
        return harness
    }

    private func expectProportion(_ few: () -> Void, _ many: () -> Void) {
        let isInProportion = takesLess(than: Self.factor, times: few, many)
        #expect(isInProportion)
    }

    @Test func `an update that names components costs its names and notices, not their product`() {
        func work(_ count: Int) -> () -> Void {
            let known = components(count)
            let wanted = names(count)
            return {
                var harness = known
                _ = harness.announce { $0.components = wanted }
            }
        }
        expectProportion(work(400), work(1_600))
    }

    @Test func `a status counts a component's processes without comparing each with each`() {
        func work(_ count: Int) -> () -> Void {
            var harness = BrokerHarness()
            for process in 0..<count {
                let peer = harness.enter(at: .components, process: Int32(process + 10))
                harness.say(peer) { $0.connect(ConnectRequest(authToken: "com.example.Camera")) }
            }
            let known = harness
            return { #expect(known.broker.status(at: known.now).components[0].pids.count == count) }
        }
        expectProportion(work(1_000), work(4_000))
    }

    @Test func `processes of one name that answer in one turn are written down once`() {
        func bytesWritten(_ count: Int) -> Int {
            var harness = BrokerHarness()
            let processes = (0..<count).map { index in
                let process = harness.enter(at: .components, process: Int32(index + 10))
                harness.say(process) {
                    $0.connect(ConnectRequest(authToken: "com.example.Camera"))
                }
                harness.ask(process, .subscribeToComponentUpdates, SubscribeRequest())
                return process
            }
            _ = harness.announce()
            let answer = DeferRequest(deploymentID: "d-1", recheckAfterMs: 1_000).encoded()
            let answers = processes.map { process in
                let frame = harness.frame(of: process) {
                    $0.request(.deferComponentUpdate, answer).frame
                }
                return Broker.Input.received(frame, from: process)
            }
            let before = harness.host.work
            harness.turn(answers)
            return harness.host.work.since(before).stored
        }
        #expect(bytesWritten(16) < 5 * bytesWritten(4))
    }
}
