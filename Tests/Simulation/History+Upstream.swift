// SPDX-License-Identifier: Apache-2.0

import BrokerHarness
import Negotiation
import ReprieveBroker
import ReprieveProtocol

// Components that are connected to the upstream through the broker.

extension History {
    mutating func makeUpstream(_ move: Move) {
        switch move {
        case .componentArrivesThroughUpstream: arrive { $0.connectThroughUpstream($1) }
        case .upstreamEndsConnection:
            note(move, harness.upstreams) { harness, id, _ in harness.turn(.hungUp(id)) }
        case .upstreamComesOrGoes:
            transcript.append("\(move)")
            let isThere = Bool.random(using: &dice)
            harness.host.upstream?.isAbsent = !isThere
            harness.host.upstream?.isBusy = isThere && .random(using: &dice)
            for upstream in harness.upstreams {
                harness.turn(.hungUp(upstream))
            }
        default: makeAtControl(move)
        }
    }

    /// Clients that were accepted are components from now on.
    mutating func admit() {
        components += waiting.filter { harness.clients[$0]?.heard.contains(.connected) ?? false }
        waiting.removeAll { components.contains($0) || !harness.isConnected($0) }
    }
}
