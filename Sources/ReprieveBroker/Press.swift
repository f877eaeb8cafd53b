// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Prints notices. Most components are told the same on a stream of the same number, so the last
/// frame is kept: a thousand outboxes then share one array.
struct Press: Sendable {
    private var notice: Notice?
    private var stream: Int32 = 0
    private var frame: [UInt8] = []

    mutating func frame(
        _ notice: Notice,
        _ stream: Int32,
        _ encode: ([UInt8]) -> [UInt8]
    ) -> [UInt8] {
        if notice != self.notice || stream != self.stream {
            self.notice = notice
            self.stream = stream
            frame = Self.print(notice, encode)
        }
        return frame
    }

    /// AWS's C SDK takes only small frames: a notice that would be too long omits `components`.
    private static func print(_ notice: Notice, _ encode: ([UInt8]) -> [UInt8]) -> [UInt8] {
        var event = PreUpdateEvent(notice)
        let frame = encode(ComponentEvent.preUpdate(event).encoded())
        guard frame.count > Limits.componentFrame else { return frame }
        event.components = nil
        return encode(ComponentEvent.preUpdate(event).encoded())
    }
}
