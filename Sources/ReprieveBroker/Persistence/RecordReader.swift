// SPDX-License-Identifier: Apache-2.0

/// Reads the fields of a record.
struct RecordReader: FieldCoder {
    private let bytes: [UInt8]
    let format: Int32
    /// Where the next field is.
    private var position = 0

    init(_ bytes: [UInt8], format: Int32 = RecordFrames.format) {
        self.bytes = bytes
        self.format = format
    }

    var isReading: Bool { true }

    var isAtEnd: Bool { position == bytes.count }

    mutating func code(_ number: inout Int64) throws(RecordError) {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try readByte()
            bits |= UInt64(byte & 0x7F) << shift
            guard byte >= 0x80 else {
                number = Int64(bitPattern: bits >> 1) ^ -Int64(bits & 1)
                return
            }
        }
        throw RecordError()
    }

    mutating func code(_ flag: inout Bool) throws(RecordError) {
        let byte = try readByte()
        guard byte <= 1 else { throw RecordError() }
        flag = byte == 1
    }

    mutating func code(_ duration: inout Duration) throws(RecordError) {
        var (seconds, nanoseconds): (Int64, Int64) = (0, 0)
        try seconds.code(&self)
        try nanoseconds.code(&self)
        // More than any message can ask for, and little enough that sums of it are durations.
        guard seconds.magnitude < 1 << 56, nanoseconds.magnitude < 1_000_000_000 else {
            throw RecordError()
        }
        duration = .seconds(seconds) + .nanoseconds(nanoseconds)
    }

    mutating func code(_ text: inout String) throws(RecordError) {
        text = String(decoding: try read(), as: UTF8.self)
    }

    mutating func code(_ value: inout [UInt8]) throws(RecordError) {
        value = Array(try read())
    }

    private mutating func readByte() throws(RecordError) -> UInt8 {
        guard position < bytes.count else { throw RecordError() }
        defer { position += 1 }
        return bytes[position]
    }

    /// What stands after its length.
    private mutating func read() throws(RecordError) -> ArraySlice<UInt8> {
        var count = 0
        try count.code(&self)
        guard count <= bytes.count - position else { throw RecordError() }
        defer { position += count }
        return bytes[position..<position + count]
    }
}

extension Recordable {
    init(
        reading payload: [UInt8],
        format: Int32 = RecordFrames.format
    ) throws(RecordError) {
        var reader = RecordReader(payload, format: format)
        self = .blank
        try code(&reader)
    }
}
