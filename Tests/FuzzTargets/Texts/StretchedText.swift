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

/// Reads a text, and one four times as long. In the square of its length it would take sixteen
/// times as long.
package func promiseProportion(_ text: StretchedText, _ name: String, _ read: ([UInt8]) -> Void) {
    let (small, large) = (text.bytes(16_000), text.bytes(64_000))
    let start = threadTime()
    read(small)
    let reference = threadTime() - start
    let bound = reference * 6 + .milliseconds(3)
    var least = Duration.seconds(3_600)
    // Other processes can only make it longer.
    for _ in 0..<4 where least > bound {
        let start = threadTime()
        read(large)
        least = min(least, threadTime() - start)
    }
    promise(
        least <= bound,
        "\(name): \(least) for \(large.count) bytes, \(reference) for a quarter"
    )
}
