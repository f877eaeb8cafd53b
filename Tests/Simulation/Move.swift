// SPDX-License-Identifier: Apache-2.0

import ReprieveBroker

/// What somebody may do in a history.
enum Move: CaseIterable {
    case componentArrives
    case componentSubscribesAgain
    case componentEndsStream
    case componentHangsUp
    case componentAcknowledges
    case componentSaysFinalWord
    case componentDefers
    case componentAnswersNonsense
    case strangerSaysNonsense
    case frameComesInPieces
    case readerStops
    case readerTakesLittle
    case readerGoesOn
    case componentArrivesThroughUpstream
    case upstreamEndsConnection
    case upstreamComesOrGoes
    case coordinatorAnnounces
    case coordinatorReturns
    case coordinatorHangsUp
    case coordinatorEndsStream
    case operatorCancels
    case operatorForces
    case operatorCompletes
    case operatorWatches
    case timePasses
    case deadlineComes
    case deviceSuspends
    case brokerDies
    case brokerDiesSoon
    case diskFails
    case diskWorks
    case fileIsReplaced
    case shutdownBegins
    case shutdownIsCalledOff
    case deviceReboots
}

/// How likely each move is in one history. Each history leaves some out altogether and favours
/// others, so that together they reach what an even mixture never would.
struct SwarmWeights {
    private var weights: [(move: Move, weight: Int)]
    private let sum: Int

    init(_ dice: inout some RandomNumberGenerator) {
        weights = Move.allCases.map { move in
            (move, [0, 1, 3, 10].randomElement(using: &dice) ?? 1)
        }
        // Without these nothing ever happens.
        for index in weights.indices {
            switch weights[index].move {
            case .componentArrives, .coordinatorAnnounces, .timePasses:
                weights[index].weight = max(2, weights[index].weight)
            default: break
            }
        }
        sum = weights.reduce(0) { $0 + $1.weight }
    }

    func pick(_ dice: inout some RandomNumberGenerator) -> Move {
        var rest = Int.random(in: 0..<sum, using: &dice)
        for (move, weight) in weights {
            if rest < weight { return move }
            rest -= weight
        }
        preconditionFailure("the weights have a sum")
    }
}
