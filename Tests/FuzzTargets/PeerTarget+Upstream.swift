// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import EventStream
import ReprieveBroker
import ReprieveProtocol

private let payloads = [
    #"{"preUpdateEvent":{"deploymentId":"d","isGgcRestarting":false}}"#,
    #"{"postUpdateEvent":{"deploymentId":"d"}}"#,
    #"{"componentName":"com.example.Camera","value":{}}"#,
    #"{"componentName":"no name"}"#,
].map { Array($0.utf8) }

/// The upstream says what the input says, comes and goes, or stops reading.
func speakAsUpstream(_ harness: inout BrokerHarness, _ decisions: inout FuzzDecisions) {
    guard !harness.upstreams.isEmpty else {
        harness.host.upstream?.isAbsent = decisions.bool()
        harness.host.upstream?.isBusy = decisions.bool()
        return
    }
    let upstream = decisions.pick(harness.upstreams)
    switch decisions.number(below: 6) {
    case 0: harness.turn(.hungUp(upstream))
    case 1:
        let bytes = frame(headers: decisions.bytes(), payload: decisions.bytes())
        harness.turn(.received(decisions.bool() ? bytes : Array(bytes.dropLast()), from: upstream))
    case 2:
        harness.host.upstream?.connections[upstream]?.room = decisions.number(below: 100)
    case 3:
        harness.host.upstream?.connections[upstream]?.room = nil
        harness.turn(.writable(upstream))
    case 4: harness.say(message(&decisions), from: upstream)
    default:
        let stream = Int32(decisions.number(below: 4))
        let answer = Message(
            .applicationMessage,
            flags: Int32(decisions.number(below: 3)),
            stream: stream,
            payload: decisions.pick(payloads)
        )
        harness.say(answer, from: upstream)
    }
}
