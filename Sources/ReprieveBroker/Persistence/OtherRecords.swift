// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

/// What is written behind the records of a negotiation.
struct OtherRecords {
    let connections: [ConnectionRecord]
    let entries: [History.Entry]
    let metrics: [UInt8]?
    /// How long the device has been suspended in this boot.
    let asleep: Duration

    var isEmpty: Bool { connections.isEmpty && entries.isEmpty && metrics == nil }

    /// All of them, encoded.
    func encoded(behind records: consuming RecordFrames) -> [UInt8] {
        for (peer, connection) in connections { records.add(peer, connection) }
        for entry in entries { records.add(entry) }
        if let metrics { records.add(metrics: metrics) }
        return records.encoded(asleep: asleep)
    }
}
