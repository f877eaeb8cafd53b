// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

// A page of the journal or of the state file: event-stream frames, one a record. The headers say
// what it is about, the payload what holds for it now; no payload strikes it out.
//
//     format 2, boot TEXT         what follows was written in this boot, in this format
//     update ID
//     participants ID             of an update: those that have changed, each with its name
//     ended ID
//     owed NAME
//     decision NUMBER             an entry of the history, as JSON
//
// The last frame of a page has the header `page`: what was written in one go counts as a whole.

/// The layout of payloads. Files of another one are left alone.
let recordFormat: Int32 = 2

extension Frame {
    static func boot(_ boot: String) -> Frame {
        Frame(headers: [Header("format", .int32(recordFormat)), Header("boot", .string(boot))])
    }

    fileprivate init(_ name: String, _ subject: String, _ write: (inout RecordWriter) -> Void) {
        var writer = RecordWriter()
        writer.bytes.reserveCapacity(256)
        write(&writer)
        self.init(headers: [Header(name, .string(subject))], payload: writer.bytes)
    }
}

/// Frames that are written in one go.
struct Page: Recorder, Sendable {
    private var frames: [Frame] = []
    /// The last one, while it is still being written.
    private var participants: (update: DeploymentID, roster: RosterWriter)?

    mutating func take(_ record: Record) {
        finishParticipants()
        switch record {
        case .update(let id, let update):
            frames.append(Frame("update", id) { writer in if let update { writer.put(update) } })
        case .participant(let id, let name, let participant?):
            take(participant, named: name, of: id)
        case .participant(let id, let name, nil): strike(name, of: id)
        case .ended(let id, let ended):
            frames.append(Frame("ended", id) { writer in if let ended { writer.put(ended) } })
        case .owed(let name, let posts):
            let frame = Frame("owed", name) { writer in
                if !posts.isEmpty { writer.put(posts) { $0.put($1) } }
            }
            frames.append(frame)
        }
    }

    mutating func take(
        _ participant: Participant.Record,
        named name: ComponentName,
        of id: DeploymentID
    ) {
        beginParticipants(of: id)
        participants?.roster.put(name, participant)
    }

    mutating func strike(_ name: ComponentName, of id: DeploymentID) {
        beginParticipants(of: id)
        participants?.roster.strike(name)
    }

    private mutating func beginParticipants(of id: DeploymentID) {
        guard participants?.update != id else { return }
        finishParticipants()
        participants = (id, RosterWriter())
    }

    mutating func add(_ entry: History.Entry) {
        finishParticipants()
        let headers = [Header("decision", .int32(entry.number))]
        frames.append(Frame(headers: headers, payload: entry.json))
    }

    private mutating func finishParticipants() {
        guard let (id, roster) = participants else { return }
        participants = nil
        let headers = [Header("participants", .string(id))]
        frames.append(Frame(headers: headers, payload: roster.bytes))
    }

    /// Empty if there is nothing to write.
    consuming func encoded() -> [UInt8] {
        finishParticipants()
        guard !frames.isEmpty else { return [] }
        frames[frames.count - 1].headers.append(Header("page", .int32(1)))
        var bytes: [UInt8] = []
        bytes.reserveCapacity(frames.reduce(0) { $0 + $1.encodedLength })
        for frame in frames { frame.append(to: &bytes) }
        return bytes
    }
}

/// What a frame of a file says.
enum Written {
    case boot(String, format: Int32)
    case records([Record])
    case decision(Int32, [UInt8])

    init(_ frame: Frame) throws(RecordError) {
        if let format = frame.int32("format") {
            self = .boot(frame.string("boot") ?? "", format: format)
        } else if let number = frame.int32("decision") {
            self = .decision(number, frame.payload)
        } else {
            self = .records(try [Record](frame))
        }
    }
}

extension [Record] {
    fileprivate init(_ frame: Frame) throws(RecordError) {
        let payload = frame.payload
        let isStruckOut = payload.isEmpty
        var reader = RecordReader(payload)
        if let id = frame.string("update") {
            self = [.update(id, isStruckOut ? nil : try reader.update())]
        } else if let id = frame.string("participants") {
            self = try reader.roster().map { .participant(id, $0.name, $0.participant) }
        } else if let id = frame.string("ended") {
            self = [.ended(id, isStruckOut ? nil : try reader.ended(id))]
        } else if let name = frame.string("owed") {
            self = [.owed(name, isStruckOut ? [] : try reader.owedPosts())]
        } else {
            throw RecordError()
        }
    }
}
