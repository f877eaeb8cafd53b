// SPDX-License-Identifier: Apache-2.0

/// Why a peer's bytes are not frames. It is unknown then where the next frame starts, so the
/// connection can only be closed.
package enum FrameError: Error, Hashable, Sendable {
    case tooLong(Int, maximum: Int)
    case tooShort(Int)
    case preludeChecksum(stated: UInt32, computed: UInt32)
    case headersTooLong(Int, frame: Int)
    case messageChecksum(stated: UInt32, computed: UInt32)
    case tooManyHeaders(maximum: Int)
    case unnamedHeader
    case unknownHeaderType(UInt8)
    case headerValueTooLong(Int, maximum: Int)
    /// A header promised more bytes than the header block has left.
    case truncatedHeader(missing: Int)
    case invalidUTF8

    package var isTooLong: Bool {
        if case .tooLong = self { true } else { false }
    }

    /// What was wrong, with the numbers; starts in lower case and has no full stop.
    package var message: String {
        switch self {
        case .tooLong(let length, let maximum):
            "a frame of \(length) bytes, the maximum is \(maximum)"
        case .tooShort(let length):
            "a frame of \(length) bytes, the minimum is \(FrameLayout.smallest)"
        case .preludeChecksum(let stated, let computed):
            "the prelude's checksum is \(hex(stated)), its bytes give \(hex(computed))"
        case .headersTooLong(let length, let frame):
            "\(length) bytes of headers do not fit into a frame of \(frame)"
        case .messageChecksum(let stated, let computed):
            "the frame's checksum is \(hex(stated)), its bytes give \(hex(computed))"
        case .tooManyHeaders(let maximum):
            "more than \(maximum) headers"
        case .unnamedHeader:
            "a header without a name"
        case .unknownHeaderType(let type):
            "a header of type \(type), the types are 0 to \(HeaderType.uuid.rawValue)"
        case .headerValueTooLong(let length, let maximum):
            "a header's value of \(length) bytes, the maximum is \(maximum)"
        case .truncatedHeader(let missing):
            "a header is cut short by \(missing) bytes"
        case .invalidUTF8:
            "a header's name or text is not UTF-8"
        }
    }

    private func hex(_ number: UInt32) -> String {
        let digits = String(number, radix: 16)
        return String(repeating: "0", count: 8 - digits.utf8.count) + digits
    }
}
