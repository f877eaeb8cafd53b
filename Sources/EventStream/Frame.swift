// SPDX-License-Identifier: Apache-2.0

/// One unit on the wire: some headers that say what it is, and a payload.
///
///     | total length 4 | headers length 4 | CRC-32 of these 8 |   the prelude
///     | headers: name length 1, name, type 1, value ...       |
///     | payload                                               |
///     | CRC-32 of everything before                           |
///
/// All integers are big-endian.
package struct Frame: Hashable, Sendable {
    package var headers: [Header]
    package var payload: [UInt8]

    package init(headers: [Header], payload: [UInt8] = []) {
        self.headers = headers
        self.payload = payload
    }

    /// The integer under `name`, in any ASCII case. A header of another type counts as absent.
    package func int32(_ name: String) -> Int32? {
        for header in headers {
            if case .int32(let number) = header.value, header.isNamed(name) { return number }
        }
        return nil
    }

    /// The text under `name`, in any ASCII case. A header of another type counts as absent.
    package func string(_ name: String) -> String? {
        for header in headers {
            if case .string(let text) = header.value, header.isNamed(name) { return text }
        }
        return nil
    }
}

extension Header {
    func isNamed(_ other: String) -> Bool {
        if name == other { return true }
        guard name.utf8.count == other.utf8.count else { return false }
        return zip(name.utf8, other.utf8).allSatisfy { lowercase($0) == lowercase($1) }
    }

    private func lowercase(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
    }
}

/// The lengths that the layout fixes.
enum FrameLayout {
    static let prelude = 12
    static let checksum = 4
    /// A frame with neither headers nor payload.
    static let smallest = prelude + checksum
}
