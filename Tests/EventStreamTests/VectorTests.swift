// SPDX-License-Identifier: Apache-2.0

import EventStream
import StrictJSON
import TestSupport
import Testing

/// Holds the codec to frames that other implementations made; see `Protocol/vectors`.
@Suite("Frames of real SDKs") struct SDKVectorTests {
    let vectors: [Vector]

    init() throws {
        vectors = try Vector.all(in: "sdk-frames")
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

/// The frames of `Protocol/vectors` that the kit in `Protocol/conformance` made.
@Suite("Frames of the specification") struct SpecificationVectorTests {
    @Test func `are read as they were meant, and written byte for byte`() throws {
        let vectors = try Vector.all(in: "messages")
        for vector in vectors {
            let frames = try decode(vector.bytes)
            #expect(frames.map(\.headers) == [try vector.headers()], "\(vector.label)")
            #expect(
                try frames.map { try vector.hasPayload($0.payload) } == [true],
                "\(vector.label)"
            )
            #expect(frames.flatMap { $0.encoded() } == vector.bytes, "\(vector.label)")
        }
        #expect(vectors.count > 40)
    }

    @Test func `that are none are refused, each for its own reason`() throws {
        var reasons: Set<String> = []
        for vector in try Vector.all(in: "client-frames") {
            guard let reason = vector.reason else {
                #expect(try decode(vector.bytes).count == 1, "\(vector.label)")
                continue
            }
            let error = #expect(throws: FrameError.self) {
                try decode(vector.bytes, limits: vector.limits)
            }
            #expect(error.map(name) == reason, "\(vector.label)")
            reasons.insert(reason)
        }
        #expect(reasons.count == 11)
    }

    /// The name of its case, without what it carries.
    private func name(_ error: FrameError) -> String {
        String("\(error)".prefix { $0 != "(" })
    }
}

/// One entry of a file.
struct Vector {
    let label: String
    let scenario: String
    let bytes: [UInt8]
    let decoded: JSON
    /// Why it is no frame; nil if it is one.
    let reason: String?
    let limits: FrameLimits

    init(_ json: JSON) throws {
        label = try json.string("label") ?? json.string("name") ?? ""
        scenario = try json.string("scenario") ?? ""
        bytes = Array(hex: try json.string("hex") ?? "")
        decoded = try json.object("decoded") ?? .null
        let isConnected = try json.bool("connected") ?? true
        limits = FrameLimits(maximumFrame: isConnected ? 65_536 : 16_384)
        reason = try json.string("frame")
    }

    static func all(in file: String) throws -> [Vector] {
        let bytes = repositoryFile("Protocol/vectors/\(file).json")
        let limits = JSONLimits(maximumBytes: 1 << 20)
        guard case .array(let list) = try JSON(decoding: bytes, limits: limits) else {
            preconditionFailure("the vectors are not a list")
        }
        return try list.map { try Vector($0) }
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
