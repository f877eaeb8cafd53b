// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol

/// Prints frames. Most components are told the same on a stream of the same number, so the last
/// frame is kept: a thousand outboxes then share one array.
struct Press<Text: Equatable & Sendable>: Sendable {
    private var text: Text?
    private var stream: Int32 = 0
    private var frame: [UInt8] = []

    mutating func frame(
        _ text: Text,
        _ stream: Int32,
        _ print: () -> [UInt8]
    ) -> [UInt8] {
        if stream != self.stream || text != self.text {
            self.text = text
            self.stream = stream
            frame = print()
        }
        return frame
    }
}

extension Notice {
    /// AWS's C SDK takes only small frames: a notice that would be too long omits `components`.
    func frame(_ encode: ([UInt8]) -> [UInt8]) -> [UInt8] {
        var event = PreUpdateEvent(self)
        let frame = encode(ComponentEvent.preUpdate(event).encoded())
        guard frame.count > Limits.componentFrame else { return frame }
        event.components = nil
        return encode(ComponentEvent.preUpdate(event).encoded())
    }
}
