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

struct RosterWriter {
    private var writer = RecordWriter()
    private var last: Participant.Record?

    var bytes: [UInt8] { writer.bytes }

    mutating func put(_ name: ComponentName, _ participant: Participant.Record?) {
        guard let participant else {
            writer.put(RosterMark.struckOut)
            return writer.put(name)
        }
        if participant == last {
            writer.put(RosterMark.asBefore)
            return writer.put(name)
        }
        writer.put(RosterMark.written)
        writer.put(name)
        writer.put(participant)
        last = participant
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
