// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import TestSupport

/// Plays a program with a crowd and with one four times as large. No move may cost more than in
/// proportion to the crowd, nothing that is kept may pass the limits of those that it is kept for,
/// and an honest pair beside them finishes its negotiation.
func playCrowds(_ input: [UInt8], size: Int) {
    let program = CrowdMove.program(input)
    guard !program.isEmpty else { return }
    let small = play(program, size: size)
    var large = play(program, size: 4 * size)
    var runs = 1
    // What only the time says is played again: the processor may have been taken away.
    while let excess = large.excess(over: small) {
        promise(runs < 8, excess)
        runs += 1
        large.takeLeastTime(of: play(program, size: 4 * size))
    }
}

/// What each move of the program cost, and the honest negotiation at its end.
private func play(_ program: [CrowdMove], size: Int) -> [MoveCost] {
    let before = allocatedBytes()
    var crowd = Crowd(of: size)
    var costs: [MoveCost] = []
    for move in program + [CrowdMove(.negotiate)] {
        let (work, time) = (crowd.harness.host.work, threadTime())
        crowd.perform(move)
        crowd.readEvents()
        costs.append(MoveCost(move, threadTime() - time, crowd.harness.host.work.since(work)))
        let bytes = allocatedBytes() - before
        promise(bytes <= crowd.maximumBytes, "\(bytes) bytes are kept after \(move.kind)")
    }
    crowd.leave()
    return costs
}

extension Crowd {
    /// Everybody leaves, and nothing is left of them.
    fileprivate mutating func leave() {
        harness.turn(harness.clients.keys.sorted().map { .hungUp($0) })
        harness.pass(.seconds(200_000))
        promise(harness.broker.negotiation.updates.isEmpty, "an update is left over")
        promise(harness.nextDeadline == nil, "a deadline is left over")
        promise(harness.broker.peerCount == 0, "a peer is left over")
    }
}
