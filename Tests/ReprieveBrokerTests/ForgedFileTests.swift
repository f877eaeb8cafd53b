// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import ReprieveBroker
import Testing

@Suite("A forged file") struct ForgedFileTests {
    /// `simulate-broker` plays all of them; without optimization that takes minutes.
    @Test func `kills no broker, whichever byte it is`() {
        let all = ForgedFile.all()
        for place in stride(from: 0, to: all.count, by: 61) { all[place].play() }
    }

    @Test func `may number its decisions as it likes`() {
        var frames = ForgedFile.frames(of: .state)
        for place in frames.indices where frames[place].int32("decision") != nil {
            frames[place].headers.removeAll { $0.name == "decision" }
            frames[place].headers.append(Header("decision", .int32(.max)))
        }
        ForgedFile(.state, frames).play()
    }
}
