// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

/// Two components, one update that waits and one that is over: what stands in the files then.
private let written: BrokerHarness = {
    var harness = BrokerHarness()
    let camera = harness.component("com.example.Camera")
    let robot = harness.component("com.example.Robot", confirm: true)
    let coordinator = harness.operatorAtControl()
    for id in ["d-1", "d-2"] {
        harness.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "a test"))
        harness.answer(camera, id, 2_000, message: "recording")
        harness.answer(robot, id, 0)
    }
    harness.answer(camera, "d-1", 0)
    harness.answer(robot, "d-1", 0, round: 2)
    return harness
}()

/// Changes bytes in the files, repairs the checksums, and has a broker go on from there. It may
/// have forgotten whatever it likes, but it goes on.
func recall(_ input: [UInt8]) {
    var decisions = FuzzDecisions(input)
    var files = [written.journal, written.state]
    while !decisions.isOver {
        let file = decisions.number(below: 2)
        let position = Int(decisions.byte()) << 8 | Int(decisions.byte())
        files[file][position % files[file].count] = decisions.byte()
    }
    var harness = written
    harness.forge(journal: repaired(files[0]), state: repaired(files[1]))
    harness.restart()
    for _ in 0..<50 {
        guard let next = harness.nextDeadline else { break }
        harness.pass(max(.zero, next - harness.now))
    }
}
