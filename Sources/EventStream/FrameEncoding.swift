// SPDX-License-Identifier: Apache-2.0

extension Frame {
    /// The frame's bytes. Its headers are `int32` and `string` only, as `FrameWriter` has it.
    package func encoded() -> [UInt8] {
        var frame = FrameWriter(capacity: encodedLength)
        frame.begin()
        for header in headers {
            let isWritten = frame.header(header)
            precondition(isWritten, "only int32 and string headers are ever written")
        }
        frame.end(payload: payload)
        return frame.bytes
    }
}

extension [Header] {
    var encodedLength: Int { reduce(0) { $0 + $1.encodedLength } }
}

extension Header {
    fileprivate var encodedLength: Int {
        let fixed = 1 + name.utf8.count + 1
        return switch value {
        case .int32: fixed + 4
        case .string(let text): fixed + 2 + text.utf8.count
        default: preconditionFailure("only int32 and string headers are ever written")
        }
    }
}
