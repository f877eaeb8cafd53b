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
///     metrics 1                   what was counted, as JSON
///
/// The last frame has the header `page`: what was written in one go counts as a whole. Its header
/// `asleep` says how long the device had been suspended in this boot by then, in milliseconds.
/// A released update has the header `booted`: when the boot of its instants began, as the clock had
/// it at the release, in milliseconds since 1970.
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

    /// There is room for the records of most steps, in a block of memory that costs little. The
    /// latest frame has not ended: it may get more headers.
    private var frames = FrameWriter(capacity: 960)
    private(set) var isEmpty = true
    /// Of released updates.
    private let bootTimes: [DeploymentID: Duration]

    init(_ bootTimes: [DeploymentID: Duration]) { self.bootTimes = bootTimes }

    mutating func add(boot: String) {
        begin()
        frames.header("format", Self.format)
        frames.header("boot", boot)
        frames.payload { _ in }
    }

    private mutating func begin() {
        if !isEmpty { frames.end() }
        isEmpty = false
        frames.begin()
    }

    mutating func add(_ id: DeploymentID, _ update: consuming Update) {
        begin("update", id)
        if let time = bootTimes[id] { frames.header("booted", String(time.wholeMilliseconds)) }
        frames.payload { $0.append(recordOf: &update) }
    }

    mutating func strikeOut(update id: DeploymentID) { strikeOut("update", id) }

    mutating func add(_ changed: ChangedParticipants) {
        guard let known = changed.known else { return }
        let (places, struckOut) = (changed.places, changed.struckOut)
        let room = 64 + places.count * 128 + struckOut.count * 32
        begin("participants", changed.id)
        frames.payload { bytes in
            bytes.append(room: room) { (free) throws(RecordError) in
                let entries = known.entries.span
                for place in places {
                    try free.write(Self.written)
                    try free.write(known.names[place])
                    var participant = entries[place]
                    try participant.code(&free)
                }
                for name in struckOut {
                    try free.write(Self.struckOut)
                    try free.write(name)
                }
            }
        }
    }

    mutating func add(_ id: DeploymentID, ended: Ended?) {
        if let ended { add("ended", id, ended) } else { strikeOut("ended", id) }
    }

    mutating func add(_ name: ComponentName, owed posts: [OwedPost]) {
        if posts.isEmpty { return strikeOut("owed", name) }
        add("owed", name, OwedPosts(posts: posts))
    }

    mutating func add(subscriber name: ComponentName, processes: Int) {
        if processes > 0 {
            add("subscriber", name, processes)
        } else {
            strikeOut("subscriber", name)
        }
    }

    mutating func add(_ peer: PeerID, _ connection: KeptConnection?) {
        let number = String(peer.number)
        guard let connection else { return strikeOut("connection", number) }
        add("connection", number, connection)
    }

    mutating func add(_ entry: History.Entry) {
        begin()
        frames.header("decision", entry.number)
        frames.payload { $0.append(contentsOf: entry.json) }
    }

    mutating func add(metrics json: [UInt8]) {
        begin()
        frames.header("metrics", 1)
        frames.payload { $0.append(contentsOf: json) }
    }

    private mutating func add(_ name: String, _ subject: String, _ value: consuming some Recordable)
    {
        begin(name, subject)
        frames.payload { $0.append(recordOf: &value) }
    }

    private mutating func strikeOut(_ name: String, _ subject: String) {
        begin(name, subject)
        frames.payload { _ in }
    }

    private mutating func begin(_ name: String, _ subject: String) {
        begin()
        frames.header(name, subject)
    }

    /// All of them, to be called once. Empty if there is nothing to write.
    mutating func ended(with end: FrameWriter) -> [UInt8] {
        guard !isEmpty else { return [] }
        frames.insertHeaders(of: end)
        frames.end()
        return frames.bytes
    }

    /// The headers of the last frame.
    static func end(asleep: Duration) -> FrameWriter {
        var headers = FrameWriter()
        headers.header("page", 1)
        headers.header("asleep", String(asleep.wholeMilliseconds))
        return headers
    }

    /// The participants in a payload; nil is one that is struck out.
    static func participants(
        _ payload: [UInt8],
        _ format: Int32
    ) throws(RecordError) -> [(name: ComponentName, participant: Participant?)] {
        var reader = RecordReader(payload, format: format)
        var found: [(name: ComponentName, participant: Participant?)] = []
        var last: Participant?
        while !reader.isAtEnd {
            var (mark, name) = (struckOut, "")
            try mark.code(&reader)
            try name.code(&reader)
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
