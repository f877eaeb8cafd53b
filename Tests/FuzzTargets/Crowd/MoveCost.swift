// SPDX-License-Identifier: Apache-2.0

import BrokerHarness

/// What one move of a crowd cost.
struct MoveCost {
    let move: CrowdMove
    var time: Duration
    let work: Work

    init(_ move: CrowdMove, _ time: Duration, _ work: Work) {
        self.move = move
        self.time = time
        self.work = work
    }

    /// What a crowd four times as large may cost: in proportion, with room for a document that one
    /// crowd causes and the other does not. In the square of the crowd it is sixteen times as much.
    private static let factor = 6
    /// The same for time, which a large crowd's memory and a busy machine lengthen.
    private static let factorOfTime = 10
    /// What is decoded, and put into records, at least, in the instrumented build of the fuzzer.
    private static let bytesPerMicrosecond = 8
    /// An answer, and the end of a connection, writes down its component with all connections that
    /// have answered for it. Another user has 256; here are as many as the broker's own may have.
    private static let bytesOfComponent = 4 * 1_024

    /// Why this is too much beside what a quarter of the crowd cost; nil if it is not.
    func excess(over small: MoveCost) -> String? {
        // Where the small crowd's peers were turned away, or waited to be read, only those of the
        // large one are heard, and answered.
        let coding = (work.received + work.stored) / Self.bytesPerMicrosecond
        let counts = [
            ("bytes to peers", work.sent, Self.factor * small.work.sent + 32 * 1_024 * 1_024),
            // A small crowd's notices and posts may leave together, a large one's apart.
            ("writes", work.writes, 2 * Self.factor * small.work.writes + work.pieces + 64),
            (
                "bytes to files", work.stored,
                Self.factor * small.work.stored + 128 * 1_024 + Self.bytesOfComponent * work.pieces
            ),
            ("log entries", work.logged, Self.factor * small.work.logged + 64),
            (
                "microseconds", time.microseconds,
                Self.factorOfTime * small.time.microseconds + 20_000 + coding
            ),
        ]
        for (name, cost, limit) in counts where cost > limit {
            return "\(move.kind): \(cost) \(name), the limit beside a quarter of it is \(limit)"
        }
        return nil
    }
}

extension [MoveCost] {
    func excess(over small: Self) -> String? {
        zip(self, small).lazy.compactMap { $0.excess(over: $1) }.first
    }

    mutating func takeLeastTime(of other: Self) {
        for index in indices { self[index].time = Swift.min(self[index].time, other[index].time) }
    }
}

extension Duration {
    fileprivate var microseconds: Int { Int(self / .microseconds(1)) }
}
