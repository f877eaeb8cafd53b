// SPDX-License-Identifier: Apache-2.0

/// A named value at the front of a frame.
package struct Header: Hashable, Sendable {
    /// 1 to 255 bytes of UTF-8.
    package var name: String
    package var value: HeaderValue

    package init(_ name: String, _ value: HeaderValue) {
        self.name = name
        self.value = value
    }
}

/// What a header can hold. All of them are read; only `int32` and `string` are ever written.
package enum HeaderValue: Hashable, Sendable {
    case bool(Bool)
    case byte(Int8)
    case int16(Int16)
    case int32(Int32)
    case int64(Int64)
    case bytes([UInt8])
    case string(String)
    /// Counted from the start of 1970, UTC.
    case timestamp(milliseconds: Int64)
    /// Sixteen bytes.
    case uuid([UInt8])
}

/// The byte that says what kind of value follows a header's name.
enum HeaderType: UInt8 {
    // True before false: the order of the wire.
    case boolTrue, boolFalse, byte, int16, int32, int64, bytes, string, timestamp, uuid
}
