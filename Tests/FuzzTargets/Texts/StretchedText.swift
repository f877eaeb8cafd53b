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
/// another when it is longer.
package func promiseProportion(_ text: StretchedText, _ name: String, _ read: ([UInt8]) -> Void) {
    let sizes = [16_000, 64_000, 256_000]
    var times: [(shorter: Duration, longer: Duration)] = []
    for (shorter, longer) in zip(sizes, sizes.dropFirst()) {
        let (short, long) = (text.bytes(shorter), text.bytes(longer))
        // Beside each other: a machine can be slow for some time.
        for _ in 0..<4 {
            let pair = (shorter: threadTime { read(short) }, longer: threadTime { read(long) })
            if pair.longer <= pair.shorter * 6 + .milliseconds(3) { return }
            times.append(pair)
        }
    }
    promise(false, "\(name): \(times) for \(sizes) bytes")
}

/// The processor time of a run.
private func threadTime(_ run: () -> Void) -> Duration {
    let start = threadTime()
    run()
    return threadTime() - start
}
