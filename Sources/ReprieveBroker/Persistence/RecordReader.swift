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

    static func code(_ number: inout Int64, _ coder: inout Self) throws(RecordError) {
        var bits: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 64, by: 7) {
            let byte = try coder.readByte()
            bits |= UInt64(byte & 0x7F) << shift
            guard byte >= 0x80 else {
                number = Int64(bitPattern: bits >> 1) ^ -Int64(bits & 1)
                return
            }
        }
        throw RecordError()
    }

    static func code(_ flag: inout Bool, _ coder: inout Self) throws(RecordError) {
        let byte = try coder.readByte()
        guard byte <= 1 else { throw RecordError() }
        flag = byte == 1
    }

    static func code(_ duration: inout Duration, _ coder: inout Self) throws(RecordError) {
        var (seconds, nanoseconds): (Int64, Int64) = (0, 0)
        try seconds.code(&coder)
        try nanoseconds.code(&coder)
        // More than any message can ask for, and little enough that sums of it are durations.
        guard seconds.magnitude < 1 << 56, nanoseconds.magnitude < 1_000_000_000 else {
            throw RecordError()
        }
        duration = .seconds(seconds) + .nanoseconds(nanoseconds)
    }

    static func code(_ text: inout String, _ coder: inout Self) throws(RecordError) {
        text = String(decoding: try coder.read(), as: UTF8.self)
    }

    static func code(_ value: inout [UInt8], _ coder: inout Self) throws(RecordError) {
        value = Array(try coder.read())
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
