// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import Negotiation

// A page of the journal or of the state file: event-stream frames, one a record. The headers say
// what it is about, the payload what holds for it now; no payload strikes it out.
//
//     format 1, boot TEXT         what follows was written in this boot, in this format
//     update ID
//     update ID, participant NAME
//     ended ID
//     owed NAME
//     decision NUMBER             an entry of the history, as JSON
//
// The last frame of a page has the header `page`: what was written in one go counts as a whole.

/// The layout of payloads. Files of a later one are left alone.
let recordFormat: Int32 = 1

extension Frame {
    static func boot(_ boot: String) -> Frame {
        Frame(headers: [Header("format", .int32(recordFormat)), Header("boot", .string(boot))])
    }

    init(_ record: Record) {
        var writer = RecordWriter()
        switch record {
        case .update(let id, let update):
            if let update { writer.put(update) }
            self.init(headers: [Header("update", .string(id))], payload: writer.bytes)
        case .participant(let id, let name, let participant):
            writer.bytes.reserveCapacity(96)
            if let participant { writer.put(participant) }
            let headers = [Header("update", .string(id)), Header("participant", .string(name))]
            self.init(headers: headers, payload: writer.bytes)
        case .ended(let id, let ended):
            if let ended { writer.put(ended) }
            self.init(headers: [Header("ended", .string(id))], payload: writer.bytes)
        case .owed(let name, let posts), .sent(let name, let posts):
            if !posts.isEmpty { writer.put(posts) { $0.put($1) } }
            self.init(headers: [Header("owed", .string(name))], payload: writer.bytes)
        }
    }

    init(_ entry: History.Entry) {
        self.init(headers: [Header("decision", .int32(entry.number))], payload: entry.json)
    }
}

/// Frames that are written in one go.
struct Page {
    private(set) var frames: [Frame] = []

    mutating func add(_ frame: Frame) { frames.append(frame) }

    mutating func add(_ records: some Sequence<Record>) {
        for record in records { frames.append(Frame(record)) }
    }

    /// Empty if there is nothing to write.
    consuming func encoded() -> [UInt8] {
        guard let last = frames.popLast() else { return [] }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(192 * (frames.count + 1))
        for frame in frames { frame.append(to: &bytes) }
        var end = last
        end.headers.append(Header("page", .int32(1)))
        end.append(to: &bytes)
        return bytes
    }
}

/// What a frame of a file says.
enum Written {
    case boot(String, format: Int32)
    case record(Record)
    case decision(Int32, [UInt8])

    init(_ frame: Frame) throws(RecordError) {
        if let format = frame.int32("format") {
            self = .boot(frame.string("boot") ?? "", format: format)
        } else if let number = frame.int32("decision") {
            self = .decision(number, frame.payload)
        } else {
            self = .record(try Record(frame))
        }
    }
}

extension Record {
    fileprivate init(_ frame: Frame) throws(RecordError) {
        let payload = frame.payload
        let isStruckOut = payload.isEmpty
        var reader = RecordReader(payload)
        if let id = frame.string("update") {
            if let name = frame.string("participant") {
                self = .participant(id, name, isStruckOut ? nil : try reader.participant())
            } else {
                self = .update(id, isStruckOut ? nil : try reader.update())
            }
        } else if let id = frame.string("ended") {
            self = .ended(id, isStruckOut ? nil : try reader.ended(id))
        } else if let name = frame.string("owed") {
            let posts: [OwedPost] = try isStruckOut ? [] : reader.owedPosts()
            self = .owed(name, posts)
        } else {
            throw RecordError()
        }
    }
}
