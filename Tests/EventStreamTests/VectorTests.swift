// SPDX-License-Identifier: Apache-2.0

import EventStream
import StrictJSON
import TestSupport
import Testing

/// Holds the codec to frames that other implementations made; see `Protocol/vectors`.
@Suite struct `Frames of real SDKs` {
    let vectors: [Vector]

    init() throws {
        let bytes = repositoryFile("Protocol/vectors/sdk-frames.json")
        let limits = JSONLimits(maximumBytes: 1 << 20)
        guard case .array(let list) = try JSON(decoding: bytes, limits: limits) else {
            preconditionFailure("the vectors are not a list")
        }
        vectors = try list.map { try Vector($0) }
    }

    @Test func `well-formed ones are read as they were meant`() throws {
        var count = 0
        for vector in vectors {
            guard let headers = try vector.headers() else { continue }
            let frames = try decode(vector.bytes)
            #expect(frames.map(\.headers) == [headers], "\(vector.label)")
            #expect(
                try frames.map { try vector.hasPayload($0.payload) } == [true],
                "\(vector.label)"
            )
            count += 1
        }
        #expect(count == 49)
    }

    @Test func `well-formed ones are written byte for byte`() throws {
        for vector in vectors where try vector.headers() != nil {
            #expect(try decode(vector.bytes).flatMap { $0.encoded() } == vector.bytes)
        }
    }

    @Test func `malformed ones are refused, each for its own reason`() throws {
        let reasons: [String: FrameError] = [
            "fr_too_small": .tooShort(15),
            "fr_bad_prelude_crc": .preludeChecksum(stated: 0x77D2_EEC1, computed: 0x76D2_EEC1),
            "fr_bad_message_crc": .messageChecksum(stated: 0xEB99_9059, computed: 0xEB99_9058),
            "fr_headers_too_long": .headersTooLong(17, frame: 32),
        ]
        var seen: [String] = []
        for vector in vectors {
            guard let reason = reasons[vector.scenario] else { continue }
            #expect(throws: reason) { try decode(vector.bytes) }
            seen.append(vector.scenario)
        }
        #expect(seen.sorted() == reasons.keys.sorted())
    }

    @Test func `two in one piece are two`() throws {
        let pair = try #require(vectors.first { $0.scenario == "fr_fragmented" })
        let frames = try decode(pair.bytes)
        #expect(frames.count == 2)
        #expect(frames.flatMap { $0.encoded() } == pair.bytes)
    }
}

/// One entry of the file.
struct Vector {
    let label: String
    let scenario: String
    let bytes: [UInt8]
    let decoded: JSON

    init(_ json: JSON) throws {
        label = try json.string("label") ?? ""
        scenario = try json.string("scenario") ?? ""
        bytes = Array(hex: try json.string("hex") ?? "")
        decoded = try json.object("decoded") ?? .null
    }

    func headers() throws -> [Header]? {
        guard case .array(let list)? = decoded["headers"] else { return nil }
        return try list.map { entry in
            let name = try entry.string("name") ?? ""
            return switch try entry.string("type") {
            case "int32": Header(name, .int32(Int32(try entry.integer("value") ?? 0)))
            case "string": Header(name, .string(try entry.string("value") ?? ""))
            default: preconditionFailure("a type that no SDK sends")
            }
        }
    }

    /// The payload stands there as JSON, or as text where it is empty or another reader would
    /// round it.
    func hasPayload(_ payload: [UInt8]) throws -> Bool {
        if case .string(let text)? = decoded["payload"] { return Array(text.utf8) == payload }
        return try JSON(decoding: payload) == decoded["payload"]
    }
}
