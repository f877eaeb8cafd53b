// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// The participants of one update that have changed, in one payload: most of those that answer in
// one turn stand alike then, and what holds for all of them is written once.

/// What stands in front of a participant's name.
private enum RosterMark {
    static let struckOut: Int64 = 0
    static let asBefore: Int64 = 1
    static let written: Int64 = 2
}

struct RosterWriter: Sendable {
    private var writer = RecordWriter()
    /// The last one that was written, once there is one.
    private var last = Participant.Record(.asked, since: .boot, answerBy: .boot)
    private var hasLast = false

    var bytes: [UInt8] { writer.bytes }

    mutating func strike(_ name: ComponentName) {
        writer.put(RosterMark.struckOut)
        writer.put(name)
    }

    mutating func put(_ name: ComponentName, _ participant: Participant.Record) {
        let isAsBefore = hasLast && participant == last
        writer.put(isAsBefore ? RosterMark.asBefore : RosterMark.written)
        writer.put(name)
        guard !isAsBefore else { return }
        writer.put(participant)
        last = participant
        hasLast = true
    }
}

extension RecordReader {
    mutating func roster() throws(RecordError) -> [(
        name: ComponentName, participant: Participant.Record?
    )] {
        var roster: [(name: ComponentName, participant: Participant.Record?)] = []
        var last: Participant.Record?
        while !isAtEnd {
            let mark = try number()
            let name = try text()
            switch mark {
            case RosterMark.struckOut: roster.append((name, nil))
            case RosterMark.asBefore:
                guard let last else { throw RecordError() }
                roster.append((name, last))
            case RosterMark.written:
                last = try participant()
                roster.append((name, last))
            default: throw RecordError()
            }
        }
        return roster
    }
}
