// SPDX-License-Identifier: Apache-2.0

import EventStream
import TestSupport

extension Frame {
    static let request = Frame(
        headers: [
            Header(":message-type", .int32(0)),
            Header(":message-flags", .int32(-1)),
            Header(":stream-id", .int32(Int32.max)),
            Header("operation", .string("example#Grüße")),
        ],
        payload: Array(#"{"a":1}"#.utf8)
    )

    static let empty = Frame(headers: [])

    static func random(using dice: inout SplitMix64) -> Frame {
        let text = String(repeating: "y", count: Int.random(in: 0...99, using: &dice))
        let payload = (0..<Int.random(in: 0...300, using: &dice)).map { _ in
            UInt8.random(in: 0...255, using: &dice)
        }
        return Frame(headers: [Header("x", .string(text))], payload: payload)
    }
}

/// A frame with right checksums around any header bytes, wrong ones included.
func frame(
    headers: [UInt8],
    payload: [UInt8] = [],
    length: Int? = nil,
    headersLength: Int? = nil
) -> [UInt8] {
    var bytes = bigEndian(length ?? 16 + headers.count + payload.count)
    bytes += bigEndian(headersLength ?? headers.count)
    bytes += bigEndian(Int(crc32(bytes.span)))
    bytes += headers + payload
    bytes += bigEndian(Int(crc32(bytes.span)))
    return bytes
}

func bigEndian(_ number: Int) -> [UInt8] {
    [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
}

/// Everything in `bytes`, which arrive at once.
func decode(_ bytes: [UInt8], limits: FrameLimits = .default) throws(FrameError) -> [Frame] {
    var decoder = FrameDecoder(limits: limits)
    decoder.append(bytes)
    return try decoder.drain()
}

extension FrameDecoder {
    mutating func drain() throws(FrameError) -> [Frame] {
        var frames: [Frame] = []
        while let frame = try next() { frames.append(frame) }
        return frames
    }
}
