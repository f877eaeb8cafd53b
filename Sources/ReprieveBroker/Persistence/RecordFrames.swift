// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

/// The records of one step, or of a snapshot: event-stream frames, one a record. The headers name
/// what a record is about, the payload says what holds for it now; without a payload it is struck
/// out.
///
///     format 3, boot TEXT         what follows was written in this boot, in this format
///     update ID                   an update, without its participants
///     participants ID             participants of an update, each after a mark and its name
///     ended ID                    how an update ended
///     owed NAME                   the posts that a component has yet to be sent
///     subscriber NAME             a component that is subscribed
///     decision NUMBER             an entry of the history, as JSON
///
/// The last frame has the header `page`: what was written in one go counts as a whole. Its header
/// `asleep` says how long the device had been suspended in this boot by then, in milliseconds.
struct RecordFrames {
    /// The layout of payloads. Files of another one are left alone.
    static let format: Int32 = 3
    /// The formats that are read. Format 2 has no subscribers.
    static let readable: ClosedRange<Int32> = 2...3
    /// What stands in front of a participant's name.
    private static let struckOut: Int64 = 0
    /// As the participant before it in the same record. No longer written.
    private static let asBefore: Int64 = 1
    private static let written: Int64 = 2

    private var frames: [Frame] = []

    var isEmpty: Bool { frames.isEmpty }

    mutating func add(boot: String) {
        let headers = [Header("format", .int32(Self.format)), Header("boot", .string(boot))]
        frames.append(Frame(headers: headers))
    }

    mutating func add(_ id: DeploymentID, _ update: Update?) {
        add("update", id) { (writer) throws(RecordError) in
            if var update { try writer.code(&update) }
        }
    }

    /// Participants of an update, in any order; those that take part no longer are struck out.
    mutating func add(
        _ names: some Sequence<ComponentName>,
        of id: DeploymentID,
        _ participants: SortedMap<Participant>?
    ) {
        add("participants", id) { (writer) throws(RecordError) in
            var hint = 0
            for name in names {
                let place = participants?.place(of: name, hint: hint)
                var (mark, name) = (place == nil ? Self.struckOut : Self.written, name)
                writer.code(&mark)
                writer.code(&name)
                guard let place, var participant = participants?.entries[place] else { continue }
                try writer.code(&participant)
                hint = place + 1
            }
        }
    }

    mutating func add(_ id: DeploymentID, ended: Ended?) {
        add("ended", id) { (writer) throws(RecordError) in
            if var ended { try writer.code(&ended, of: id) }
        }
    }

    mutating func add(_ name: ComponentName, owed posts: [OwedPost]) {
        add("owed", name) { (writer) throws(RecordError) in
            var posts = posts
            if !posts.isEmpty { try writer.code(&posts) }
        }
    }

    mutating func add(subscriber name: ComponentName, _ isSubscriber: Bool) {
        let headers = [Header("subscriber", .string(name))]
        frames.append(Frame(headers: headers, payload: isSubscriber ? [1] : []))
    }

    mutating func add(_ entry: History.Entry) {
        let headers = [Header("decision", .int32(entry.number))]
        frames.append(Frame(headers: headers, payload: entry.json))
    }

    private mutating func add(
        _ name: String,
        _ subject: String,
        _ write: (inout RecordWriter) throws(RecordError) -> Void
    ) {
        var writer = RecordWriter()
        do throws(RecordError) { try write(&writer) } catch {
            preconditionFailure("only what is read can be wrong")
        }
        frames.append(Frame(headers: [Header(name, .string(subject))], payload: writer.bytes))
    }

    /// Empty if there is nothing to write.
    consuming func encoded(asleep: Duration) -> [UInt8] {
        guard !frames.isEmpty else { return [] }
        let asleep = String(asleep.wholeMilliseconds)
        frames[frames.count - 1].headers += [
            Header("page", .int32(1)), Header("asleep", .string(asleep)),
        ]
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frames.reduce(0) { $0 + $1.encodedLength })
        for frame in frames { frame.append(to: &bytes) }
        return bytes
    }

    /// The participants in a payload; nil is one that is struck out.
    static func participants(
        _ payload: [UInt8]
    ) throws(RecordError) -> [(name: ComponentName, participant: Participant?)] {
        var reader = RecordReader(payload)
        var found: [(name: ComponentName, participant: Participant?)] = []
        var last: Participant?
        while !reader.isAtEnd {
            var (mark, name) = (struckOut, "")
            try reader.code(&mark)
            try reader.code(&name)
            if mark == written {
                var participant = Participant(.asked, since: .boot, answerBy: .boot)
                try reader.code(&participant)
                last = participant
            }
            guard mark == struckOut || mark == written || mark == asBefore && last != nil else {
                throw RecordError()
            }
            found.append((name, mark == struckOut ? nil : last))
        }
        return found
    }
}
