// SPDX-License-Identifier: Apache-2.0

import Reprieve
import Testing

@testable import Permit

@Suite("A permit's configuration") struct ConfigurationTests {
    private func read(_ text: String) -> PermitConfiguration {
        PermitConfiguration(Array(text.utf8), path: "permit.conf")
    }

    @Test func `has a value for each key`() {
        let read = read(
            """
            # A shop's tills.
            [Permit]
            Engine=etcd
            Server=https://a:2379 \\
            https://b:2379
            Group=tills
            Slots=2
            Concerns=reboot
            Offline=proceed-after 6h
            SteadyAfter=5m
            """
        )
        #expect(read.complaints == [])
        #expect(read.engine == .etcd && read.servers == ["https://a:2379", "https://b:2379"])
        #expect(read.policy.concerns == .softReboot)
        #expect(read.policy.proceedAfter == .seconds(6 * 3_600))
        #expect(read.policy.steadyAfter == .seconds(300))
    }

    @Test(
        arguments: [
            ("[Permit]\nServer=http://a\nGrup=x", "permit.conf:3: Grup=x: there is no such key"),
            ("[Permit]", "permit.conf: Server= is not set"),
            ("Server=http://a", "permit.conf:1: Server is set outside of [Permit]"),
            ("[Broker]", "permit.conf:1: the only section is [Permit], not [Broker]"),
            (
                "[Permit]\nServer=ftp://a",
                "permit.conf:2: Server=ftp://a: ftp://a is no http:// or https:// URL"
            ),
            (
                "[Permit]\nServer=http://a\nSlots=0",
                "permit.conf:3: Slots=0: is not a number of slots, from 1"
            ),
            (
                "[Permit]\nServer=http://a\nKey=/k",
                "permit.conf: Certificate= and Key= are set together"
            ),
            (
                "[Permit]\nServer=http://a\nOffline=go",
                "permit.conf:3: Offline=go: is neither wait nor proceed-after DURATION"
            ),
            (
                "[Permit]\nServer=http://a\nComponent=foo bar",
                "permit.conf:3: Component=foo bar: a component has up to 128 letters, digits and"
                    + " ._-@:+"
            ),
            (
                "[Permit]\nServer=http://a\nGroup=a/b",
                "permit.conf:3: Group=a/b: a group has up to 128 letters, digits, dots and hyphens"
            ),
        ]
    )
    func `is complained of with the line`(text: String, complaint: String) {
        #expect(read(text).complaints == [complaint])
    }
}
