// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import Negotiation
import ReprieveBroker
import Testing

/// What is written down of components that break final askings.
@Suite("What a broker wrote down of final askings") struct UnrestRecordTests {
    private var harness = BrokerHarness()

    @Test mutating func `is how many final askings were broken, and by which component`() {
        let camera = harness.component("com.example.Camera", confirm: true)
        let till = harness.component("com.example.Till")
        _ = harness.announce()
        harness.answer(camera, "d-1", 0, round: 1)
        for _ in 1...2 {
            harness.answer(till, "d-1", 0)
            harness.answer(till, "d-1", 100)
            harness.answer(camera, "d-1", 0)
        }
        var expected = harness.broker.negotiation
        #expect(expected.updates["d-1"]?.brokenFinalAskings == 2)
        #expect(expected.updates["d-1"]?.participants["com.example.Till"]?.heldUntil != nil)
        _ = expected.handle(.restarted, at: harness.now)
        #expect(harness.recalled() == expected)
    }

    @Test mutating func `is read as well where it was written before that was counted`() {
        _ = harness.component("com.example.Camera")
        _ = harness.announce()
        var expected = harness.broker.negotiation
        _ = expected.handle(.restarted, at: harness.now)
        let frames = frames(harness.broker.snapshot(of: .journal)).map { frame in
            var frame = frame
            // The fields that format 3 has not are the last ones, of a byte each.
            if frame.string("update") != nil { frame.payload.removeLast() }
            if frame.string("participants") != nil { frame.payload.removeLast(2) }
            guard let place = frame.headers.firstIndex(where: { $0.name == "format" }) else {
                return frame
            }
            frame.headers[place] = Header("format", .int32(3))
            return frame
        }
        harness.forge(journal: frames.flatMap { $0.encoded() })
        #expect(harness.recalled() == expected)
    }

    private func frames(_ bytes: [UInt8]) -> [Frame] {
        var search = FrameSearch(bytes)
        var frames: [Frame] = []
        while let frame = search.next() { frames.append(frame) }
        return frames
    }
}
