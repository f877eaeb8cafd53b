// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

/// The records of one step, or of a snapshot: event-stream frames, one a record. The headers name
/// what a record is about, the payload says what holds for it now; without a payload it is struck
/// out.
///
///     format 7, boot TEXT         what follows was written in this boot, in this format
///     update ID                   an update, without its participants
///     participants ID             participants of an update, each after a mark and its name
///     ended ID                    how an update ended
///     owed NAME                   the posts that a component has yet to be sent
///     subscriber NAME             with how many processes a component is subscribed
///     connection NUMBER           a connection that the service manager keeps
///     decision NUMBER             an entry of the history, as JSON
///     metrics 2                   what was counted, as JSON; 1 with updates that have not ended
///
/// The last frame has the header `page`: what was written in one go counts as a whole. Its header
/// `asleep` says how long the device had been suspended in this boot by then, in milliseconds.
/// An update in the state file has the header `booted`: when the boot began that released it, in
/// milliseconds since 1970.
struct RecordFrames {
    /// The layout of payloads. Files of another one are left alone.
    static let format: Int32 = 7
    /// The formats that are read. Format 2 has no subscribers, and no policy for absence. Format 3
    /// does not count broken final askings, and knows no disruption. Format 4 has no connections.
    /// Format 5 does not count processes, and knows of no connections that the upstream ended.
    /// Format 6 does not name the socket of an upstream.
    static let readable: ClosedRange<Int32> = 2...7
    /// What stands in front of a participant's name.
    private static let struckOut: Int64 = 0
    /// As the participant before it in the same record. No longer written.
    private static let asBefore: Int64 = 1
    private static let written: Int64 = 2

    private var frames = FrameWriter()
    /// The payload of the latest frame, which may get more headers; nil before the first one.
    private var payload: [UInt8]?
    private let wallClockAtBoot: Duration

    init(_ wallClockAtBoot: Duration) { self.wallClockAtBoot = wallClockAtBoot }

    var isEmpty: Bool { payload == nil }

    mutating func add(boot: String) {
        begin(payload: [])
        frames.header("format", Self.format)
        frames.header("boot", boot)
    }

    private mutating func begin(payload next: [UInt8]) {
        if let payload { frames.end(payload: payload) }
        payload = next
        frames.begin()
    }

    mutating func add(_ id: DeploymentID, _ update: Update?) {
        add("update", id, update?.record ?? [])
    }

    /// The latest record is of an update whose instants another boot may have to read.
    mutating func addWallClock() {
        frames.header("booted", String(wallClockAtBoot.wholeMilliseconds))
    }

    /// Participants of an update, in any order; those that take part no longer are struck out.
    mutating func add(
        _ names: [ComponentName],
        of id: DeploymentID,
        _ participants: SortedMap<Participant>
    ) {
        var coder = RecordCoder()
        coder.reserve(names.count * 80)
        var hint = 0
        do throws(RecordError) {
            for var name in names {
                let place = participants.place(of: name, hint: hint)
                var mark = place == nil ? Self.struckOut : Self.written
                try coder.code(&mark)
                try coder.code(&name)
                guard let place else { continue }
                var participant = participants.entries[place]
                try participant.code(&coder)
                hint = place + 1
            }
        } catch { preconditionFailure("only what is read can be wrong") }
        add("participants", id, coder.bytes)
    }

    mutating func add(_ id: DeploymentID, ended: Ended?) { add("ended", id, ended?.record ?? []) }

    mutating func add(_ name: ComponentName, owed posts: [OwedPost]) {
        var (coder, posts) = (RecordCoder(), posts)
        do throws(RecordError) { if !posts.isEmpty { try coder.code(&posts) } } catch {
            preconditionFailure("only what is read can be wrong")
        }
        add("owed", name, coder.bytes)
    }

    mutating func add(subscriber name: ComponentName, processes: Int) {
        add("subscriber", name, processes > 0 ? processes.record : [])
    }

    mutating func add(_ peer: PeerID, _ connection: KeptConnection?) {
        add("connection", String(peer.number), connection?.record ?? [])
    }

    mutating func add(_ entry: History.Entry) {
        begin(payload: entry.json)
        frames.header("decision", entry.number)
    }

    mutating func add(metrics json: [UInt8]) {
        begin(payload: json)
        frames.header("metrics", 2)
    }

    private mutating func add(_ name: String, _ subject: String, _ payload: [UInt8]) {
        begin(payload: payload)
        frames.header(name, subject)
    }

    /// Empty if there is nothing to write.
    consuming func encoded(asleep: Duration) -> [UInt8] {
        guard let payload else { return [] }
        frames.header("page", 1)
        frames.header("asleep", String(asleep.wholeMilliseconds))
        frames.end(payload: payload)
        return frames.bytes
    }

    /// The participants in a payload; nil is one that is struck out.
    static func participants(
        _ payload: [UInt8],
        _ format: Int32
    ) throws(RecordError) -> [(name: ComponentName, participant: Participant?)] {
        var reader = RecordCoder(reading: payload, format: format)
        var found: [(name: ComponentName, participant: Participant?)] = []
        var last: Participant?
        while !reader.isAtEnd {
            var (mark, name) = (struckOut, "")
            try reader.code(&mark)
            try reader.code(&name)
            if mark == written {
                var participant = Participant.blank
                try participant.code(&reader)
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
