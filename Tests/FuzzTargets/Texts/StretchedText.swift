// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// A text with a part that is repeated: a few bytes of a fuzzer's input are a text of any length.
package struct StretchedText {
    private let start: [UInt8]
    private let part: [UInt8]
    private let end: [UInt8]

    package init(_ start: String, _ part: String, _ end: String) {
        (self.start, self.part, self.end) = (Array(start.utf8), Array(part.utf8), Array(end.utf8))
    }

    init(_ decisions: inout FuzzDecisions) {
        (start, part, end) = (decisions.bytes(), decisions.bytes(), decisions.bytes())
    }

    /// The bytes of a fuzzer's input that are this text.
    var encoded: [UInt8] {
        [start, part, end].flatMap { [UInt8(clamping: $0.count)] + $0.prefix(255) }
    }

    /// At least so many bytes, unless no part is repeated.
    package func bytes(_ count: Int) -> [UInt8] {
        guard !part.isEmpty else { return start + end }
        let times = max(0, count - start.count - end.count) / part.count + 1
        var bytes = start
        bytes.reserveCapacity(count + part.count)
        for _ in 0..<times { bytes += part }
        return bytes + end
    }
}

/// Reads a text, and ones four and sixteen times as long. In the square of its length each takes
/// sixteen times as long as the one before. One such step alone can be a text that turns into
/// another when it is longer, or a machine that is busy.
package func promiseProportion(_ text: StretchedText, _ name: String, _ read: ([UInt8]) -> Void) {
    let sizes = [16_000, 64_000, 256_000]
    var times: [Duration] = []
    for size in sizes {
        let bytes = text.bytes(size)
        guard let shorter = times.last else {
            times.append(least(1) { read(bytes) })
            continue
        }
        let bound = shorter * 6 + .milliseconds(3)
        times.append(least(4, unlessWithin: bound) { read(bytes) })
        if times[times.count - 1] <= bound { return }
    }
    promise(false, "\(name): \(times) for \(sizes) bytes")
}

/// The least processor time of some runs: other processes can only make it longer.
private func least(
    _ runs: Int,
    unlessWithin bound: Duration = .zero,
    _ run: () -> Void
) -> Duration {
    var least = Duration.seconds(3_600)
    for _ in 0..<runs where least > bound {
        let start = threadTime()
        run()
        least = min(least, threadTime() - start)
    }
    return least
}
