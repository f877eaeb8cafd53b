// SPDX-License-Identifier: Apache-2.0

/// The headers of a frame that arrived, where they arrived. They are checked once, as a whole, and
/// read one by one, by the caller that asks.
struct HeaderBlock: Sendable {
    let bytes: [UInt8]
    private let range: Range<Int>

    init(checking bytes: [UInt8], in range: Range<Int>, limits: FrameLimits) throws(FrameError) {
        self.bytes = bytes
        self.range = range
        var reader = HeaderReader(bytes, in: range, limits: limits)
        try reader.check()
    }

    /// In bytes.
    var length: Int { range.count }

    var headers: [Header] {
        var reader = reader
        var headers: [Header] = []
        while let place = reader.next() { headers.append(reader.header(at: place)) }
        return headers
    }

    func int32(_ name: String) -> Int32? {
        value(name, .int32).map { bytes.bigEndian(Int32.self, at: $0.lowerBound) }
    }

    func string(_ name: String) -> String? {
        value(name, .string).map(reader.text)
    }

    private var reader: HeaderReader { HeaderReader(bytes, in: range, limits: .none) }

    /// Where the value is of the first header of this name and type. No length is checked again.
    private func value(_ name: String, _ type: HeaderType) -> Range<Int>? {
        value(name, type, from: range.lowerBound)
    }

    /// Where the values are of all headers of this name and type.
    func places(of name: String, _ type: HeaderType) -> [Range<Int>] {
        var places: [Range<Int>] = []
        while let place = value(name, type, from: places.last?.upperBound ?? range.lowerBound) {
            places.append(place)
        }
        return places
    }

    /// The type of each header.
    var types: [HeaderType] {
        var reader = reader
        var types: [HeaderType] = []
        while let place = reader.next() { types.append(place.type) }
        return types
    }

    private func value(
        _ name: String,
        _ type: HeaderType,
        from start: Int
    ) -> Range<Int>? {
        let wanted = name.utf8.span
        let bytes = bytes.span
        var position = start
        while position < range.upperBound {
            let nameStart = position + 1
            let typeStart = nameStart + Int(bytes[position])
            let value = valueRange(bytes, behindTypeAt: typeStart)
            position = value.upperBound
            guard bytes[typeStart] == type.rawValue, typeStart - nameStart == wanted.count else {
                continue
            }
            if equalInAnyCase(bytes.extracting(nameStart..<typeStart), wanted) { return value }
        }
        return nil
    }

    private func valueRange(_ bytes: Span<UInt8>, behindTypeAt position: Int) -> Range<Int> {
        let start = position + 1
        guard let type = HeaderType(rawValue: bytes[position]) else {
            preconditionFailure("headers are checked when they arrive")
        }
        guard type.hasStatedLength else { return start..<start + type.valueLength }
        let length = Int(bytes[start]) << 8 | Int(bytes[start + 1])
        return start + 2..<start + 2 + length
    }
}
