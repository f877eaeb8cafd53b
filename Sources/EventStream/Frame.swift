// SPDX-License-Identifier: Apache-2.0

/// One unit on the wire: some headers that say what it is, and a payload.
///
///     | total length 4 | headers length 4 | CRC-32 of these 8 |   the prelude
///     | headers: name length 1, name, type 1, value ...       |
///     | payload                                               |
///     | CRC-32 of everything before                           |
///
/// All integers are big-endian.
package struct Frame: Sendable {
    enum Content {
        case made([Header], payload: [UInt8])
        /// As it arrived, and checked. Headers are read when they are asked for: few ever are.
        case arrived(HeaderBlock, payload: Range<Int>)
    }

    private(set) var content: Content

    package init(headers: [Header], payload: [UInt8] = []) {
        content = .made(headers, payload: payload)
    }

    init(arrived headers: HeaderBlock, payload: Range<Int>) {
        content = .arrived(headers, payload: payload)
    }

    package var headers: [Header] {
        get {
            switch content {
            case .made(let headers, _): headers
            case .arrived(let block, _): block.headers
            }
        }
        set { content = .made(newValue, payload: payload) }
    }

    package var payload: [UInt8] {
        get {
            switch content {
            case .made(_, let payload): payload
            case .arrived(let block, let range): Array(block.bytes[range])
            }
        }
        set { content = .made(headers, payload: newValue) }
    }

    /// How many bytes it takes, with whatever headers it arrived.
    package var encodedLength: Int {
        switch content {
        case .made(let headers, let payload):
            FrameLayout.smallest + headers.encodedLength + payload.count
        case .arrived(let block, let payload):
            FrameLayout.smallest + block.length + payload.count
        }
    }

    /// The integer under `name`, in any ASCII case. A header of another type counts as absent.
    package func int32(_ name: String) -> Int32? {
        switch content {
        case .arrived(let block, _): return block.int32(name)
        case .made(let headers, _):
            for header in headers {
                if case .int32(let number) = header.value, header.isNamed(name) { return number }
            }
            return nil
        }
    }

    /// The text under `name`, in any ASCII case. A header of another type counts as absent.
    package func string(_ name: String) -> String? {
        switch content {
        case .arrived(let block, _): return block.string(name)
        case .made(let headers, _):
            for header in headers {
                if case .string(let text) = header.value, header.isNamed(name) { return text }
            }
            return nil
        }
    }
}

extension Frame: Hashable {
    package static func == (one: Frame, other: Frame) -> Bool {
        one.headers == other.headers && one.payload == other.payload
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(headers)
        hasher.combine(payload)
    }
}

extension Header {
    func isNamed(_ other: String) -> Bool {
        name == other || equalInAnyCase(name.utf8.span, other.utf8.span)
    }
}

/// Whether two texts are equal but for the case of ASCII letters.
func equalInAnyCase(_ one: Span<UInt8>, _ other: Span<UInt8>) -> Bool {
    guard one.count == other.count else { return false }
    for index in one.indices where one[index] != other[index] {
        guard lowercase(one[index]) == lowercase(other[index]) else { return false }
    }
    return true
}

private func lowercase(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}

/// The lengths that the layout fixes.
enum FrameLayout {
    static let prelude = 12
    static let checksum = 4
    /// A frame with neither headers nor payload.
    static let smallest = prelude + checksum
}
