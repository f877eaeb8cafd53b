// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import TestSupport

/// `simulate-broker [COUNT]`: has brokers recall files that are forged, then plays so many
/// histories, each from a seed of its own, and stops at the first in which anybody objects.
/// REPRIEVE_SEED replays one history and prints it.
@main
enum Simulate {
    private static let defaultCount = 100_000
    private static let batch = 500

    static func main() async {
        if let seed = environment("REPRIEVE_SEED").flatMap(UInt64.init) {
            var history = History(seed: seed)
            history.play()
            for line in history.transcript { print(line) }
            report(history.objections, seed: seed)
            return
        }
        let count = CommandLine.arguments.dropFirst().first.flatMap(Int.init) ?? defaultCount
        await recallForgedFiles()
        await run(count: count, from: environment("REPRIEVE_FIRST_SEED").flatMap(UInt64.init) ?? 1)
    }

    /// A broker that cannot go on from one traps.
    private static func recallForgedFiles() async {
        let all = ForgedFile.all()
        await withTaskGroup { group in
            for first in 0..<2 {
                group.addTask { @concurrent in
                    for place in stride(from: first, to: all.count, by: 2) { all[place].play() }
                }
            }
        }
        print("\(all.count) forged files, no broker has died")
    }

    private static func run(count: Int, from first: UInt64) async {
        var moves = 0
        let time = await ContinuousClock().measure {
            await withTaskGroup(of: Batch.self) { group in
                var next = 0
                func add() {
                    guard next < count else { return }
                    let seeds = (next..<min(next + batch, count)).map { first &+ UInt64($0) }
                    next += batch
                    group.addTask { @concurrent in Batch(seeds) }
                }
                for _ in 0..<2 { add() }
                while let result = await group.next() {
                    moves += result.moves
                    if let (seed, objections) = result.failure { report(objections, seed: seed) }
                    add()
                }
            }
        }
        let perSecond = Int(Double(count) / (time / .seconds(1)))
        print("\(count) histories, \(moves) moves, \(perSecond) histories a second, no objection")
    }

    private static func report(_ objections: [String], seed: UInt64) {
        guard !objections.isEmpty else { return }
        for objection in objections { print(objection) }
        print("to see the whole history: REPRIEVE_SEED=\(seed) simulate-broker")
        exitWithFailure()
    }
}

/// Some histories, played one after the other.
private struct Batch: Sendable {
    private(set) var moves = 0
    private(set) var failure: (UInt64, [String])?

    init(_ seeds: [UInt64]) {
        for seed in seeds {
            var history = History(seed: seed)
            history.play()
            moves += history.transcript.count
            guard history.objections.isEmpty else {
                failure = (seed, history.objections)
                return
            }
        }
    }
}
