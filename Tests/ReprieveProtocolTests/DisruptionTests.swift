// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol
import StrictJSON
import Testing

@Suite("The disruption of an update") struct DisruptionTests {
    private func requested(_ members: String) throws -> Disruption {
        try GateRequest(decoding: Array(#"{"deploymentId":"d"\#(members)}"#.utf8)).disruption
    }

    @Test(
        arguments: [
            ("", .components), (#","isGgcRestarting":true"#, .nucleus),
            (#","reboots":true"#, .reboot),
            (#","isGgcRestarting":false,"reboots":true"#, .reboot),
            (#","isGgcRestarting":false,"reboots":false"#, .components),
        ] as [(String, Disruption)]
    )
    func `follows from the flags where it is absent`(members: String, expected: Disruption) throws {
        #expect(try requested(members) == expected)
    }

    @Test(arguments: Disruption.allCases)
    func `is what the request says, with flags that say the same`(disruption: Disruption) throws {
        let word = #","disruption":"\#(disruption.rawValue)""#
        let restarts = disruption > .components
        let reboots = disruption > .nucleus
        let flags = #","isGgcRestarting":\#(restarts),"reboots":\#(reboots)"#
        #expect(try requested(word) == disruption)
        #expect(try requested(word + flags) == disruption)
        for wrong in [
            #","isGgcRestarting":\#(!restarts)"#, #","reboots":\#(!reboots)"#,
        ] {
            let error = #expect(throws: JSONError.self) { try requested(word + wrong) }
            #expect(error?.message.contains("contradicts the disruption") == true)
        }
    }

    @Test func `of a later version counts as a reboot`() throws {
        #expect(try requested(#","disruption":"teleport""#) == .reboot)
        let notice = #"{"deploymentId":"d","isGgcRestarting":true,"disruption":"teleport"}"#
        #expect(try PreUpdateEvent(decoding: Array(notice.utf8)).disruption == .reboot)
    }

    @Test func `of plain Greengrass is the nucleus's or the components'`() throws {
        for (flag, expected) in [(true, Disruption.nucleus), (false, .components)] {
            let notice = #"{"deploymentId":"d","isGgcRestarting":\#(flag)}"#
            #expect(try PreUpdateEvent(decoding: Array(notice.utf8)).disruption == expected)
        }
    }

    @Test(arguments: Disruption.allCases)
    func `arrives as it was sent, and older brokers understand its flags`(disruption: Disruption)
        throws
    {
        let request = GateRequest(deploymentID: "d", disruption: disruption)
        #expect(try GateRequest(decoding: request.encoded()) == request)
        let json = try JSON(decoding: request.encoded())
        #expect(try json.bool("isGgcRestarting") == (disruption > .components ? true : nil))
        #expect(try json.bool("reboots") == (disruption > .nucleus ? true : nil))
    }

    @Test func `is ordered from the least to the most`() {
        let words = Disruption.allCases.sorted().map(\.rawValue).joined(separator: " ")
        #expect(words == "components nucleus soft-reboot kexec reboot power-off halt")
    }
}
