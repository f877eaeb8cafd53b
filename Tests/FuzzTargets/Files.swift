// SPDX-License-Identifier: Apache-2.0

import BrokerStage
import Negotiation
import ReprieveBroker
import ReprieveProtocol

/// Two components, one update that waits and one that is over: what stands in the files then.
private let written: Stage = {
    var stage = Stage()
    let camera = stage.component("com.example.Camera")
    let robot = stage.component("com.example.Robot", confirm: true)
    let coordinator = stage.operatorAtControl()
    for id in ["d-1", "d-2"] {
        stage.ask(coordinator, .gateUpdate, GateRequest(deploymentID: id, reason: "a test"))
        stage.answer(camera, id, 2_000, message: "recording")
        stage.answer(robot, id, 0)
    }
    stage.answer(camera, "d-1", 0)
    stage.answer(robot, "d-1", 0, round: 2)
    return stage
}()

/// Changes bytes in the files, mends the checksums, and has a broker go on from there. It may
/// have forgotten whatever it likes, but it goes on.
func recall(_ input: [UInt8]) {
    var chance = Chance(input)
    var files = [written.journal, written.state]
    while !chance.isOver {
        let file = chance.number(below: 2)
        let position = Int(chance.byte()) << 8 | Int(chance.byte())
        files[file][position % files[file].count] = chance.byte()
    }
    let past = Recollection(journal: mended(files[0]), state: mended(files[1]), boot: "a")
    var now = written.now
    var broker = Broker(settings: written.broker.settings, recalling: past, at: now)
    for _ in 0..<50 {
        guard let next = broker.nextDeadline else { break }
        now = max(now, next)
        _ = broker.handle(.timePassed, at: now)
        _ = broker.handle(.turnEnded, at: now)
        _ = broker.takePages()
    }
}
