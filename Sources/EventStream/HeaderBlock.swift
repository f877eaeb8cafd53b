// SPDX-License-Identifier: Apache-2.0

/// The headers of a frame that arrived, where they arrived. They are checked once, as a whole, and
/// read one by one by who asks.
struct HeaderBlock: Sendable {
    let bytes: [UInt8]
    private let range: Range<Int>

    init(checking bytes: [UInt8], in range: Range<Int>, limits: FrameLimits) throws(FrameError) {
        self.bytes = bytes
        self.range = range
        var reader = HeaderReader(bytes, in: range, limits: limits)
        try reader.check()
    }

    var headers: [Header] {
        var reader = reader
        var headers: [Header] = []
        while let place = reader.next() { headers.append(reader.header(at: place)) }
        return headers
    }

    func int32(_ name: String) -> Int32? {
        var reader = reader
        while let place = reader.next() {
            guard place.type == .int32, isNamed(name, place) else { continue }
            return bytes.bigEndian(Int32.self, at: place.value.lowerBound)
        }
        return nil
    }

    func string(_ name: String) -> String? {
        var reader = reader
        while let place = reader.next() {
            guard place.type == .string, isNamed(name, place) else { continue }
            return reader.text(place.value)
        }
        return nil
    }

    private var reader: HeaderReader { HeaderReader(bytes, in: range, limits: .none) }

    private func isNamed(_ name: String, _ place: HeaderPlace) -> Bool {
        equalInAnyCase(bytes.span.extracting(place.name), name.utf8.span)
    }
}
