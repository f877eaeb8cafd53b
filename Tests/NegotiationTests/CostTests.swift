// SPDX-License-Identifier: Apache-2.0

import Negotiation
import TestSupport
import Testing

/// What an event costs where components, or names in a request, are many. Four times as many may
/// cost four times as much, not sixteen times.
@Suite("Cost of a negotiation", .serialized) struct CostTests {
    private static let factor = 9

    private func names(_ count: Int, of unit: String? = nil) -> [String] {
        (0..<count).map { "\(unit ?? "unit\($0 / 100)")/com.example.C\(10_000 + $0)" }
    }

    private func claims(_ count: Int) -> [String] {
        (0..<count).map { "com.example.D\(10_000 + $0)" }
    }

    private func subscription(_ name: String, _ peer: Int) -> Subscription {
        Subscription(stream: StreamID(PeerID(UInt64(peer)), 1), component: name)
    }

    /// With these components subscribed, by peers that count from 1.
    private func negotiation(_ names: [String], _ settings: Settings = Settings()) -> Negotiation {
        var negotiation = Negotiation(settings: settings)
        for (index, name) in names.enumerated() {
            handle(.subscribed(subscription(name, index + 1)), &negotiation)
        }
        return negotiation
    }

    @discardableResult
    private func handle(_ event: Event, _ negotiation: inout Negotiation) -> Consequences {
        negotiation.handle(event, at: Instant(sinceBoot: .seconds(1)))
    }

    private func announce(
        _ components: [String]?,
        require: [String] = [],
        _ negotiation: inout Negotiation
    ) {
        var policy = Policy()
        policy.require = require
        let request = UpdateRequest(deploymentID: "d", components: components, policy: policy)
        let stream = StreamID(PeerID(1 << 40), 1)
        handle(.announced(request, coordinator: stream, process: 0), &negotiation)
    }

    private func expectProportion(_ few: () -> Void, _ many: () -> Void) {
        let isInProportion = takesLess(than: Self.factor, times: few, many)
        #expect(isInProportion)
    }

    @Test func `an announcement costs its names and the components, not their product`() {
        func work(_ count: Int) -> () -> Void {
            let known = negotiation(names(count))
            let wanted = claims(count) + names(count).suffix(10)
            return {
                var negotiation = known
                announce(wanted, require: Array(wanted.suffix(count / 2)), &negotiation)
            }
        }
        expectProportion(work(500), work(2_000))
    }

    @Test func `names that mean no component are found without comparing each with each`() {
        func work(_ count: Int) -> () -> Void {
            let known = negotiation(names(count))
            let wanted = Set(claims(count))
            return { #expect(known.unknown(among: wanted).count == count) }
        }
        expectProportion(work(500), work(2_000))
    }

    @Test func `a subscription costs the same, however many names the update has`() {
        func work(_ count: Int) -> () -> Void {
            var known = negotiation(["arm"])
            announce(claims(count), &known)
            let others = names(200)
            return {
                var negotiation = known
                for (index, name) in others.enumerated() {
                    handle(.subscribed(subscription(name, 10 + index)), &negotiation)
                }
            }
        }
        #expect(takesLess(than: 2, times: work(1_000), work(4_000)))
    }

    @Test(arguments: [nil, "till"])
    func `the end of an update costs the posts that it leaves owed, not their square`(unit: String?)
    {
        func work(_ count: Int) -> () -> Void {
            var settings = Settings()
            settings.maximumOwedComponents = 4_096
            settings.maximumOwedComponentsOfUnit = unit == nil ? 64 : 4_096
            settings.maximumComponentsOfUnit = 4_096
            return owing(names(count, of: unit), settings)
        }
        expectProportion(work(1_000), work(4_000))
    }

    /// Ends an update whose components have all left: each is owed its outcome.
    private func owing(_ names: [String], _ settings: Settings) -> () -> Void {
        var known = negotiation(names, settings)
        announce(nil, &known)
        for (index, name) in names.enumerated() {
            handle(.hungUp(PeerID(UInt64(index + 1)), component: name), &known)
        }
        let stream = StreamID(PeerID(1 << 40), 2)
        return {
            var negotiation = known
            handle(.cancelled("d", reason: "r", by: "b", request: stream), &negotiation)
        }
    }

    @Test func `posts that find no room cost no search each`() {
        func work(_ count: Int) -> () -> Void {
            var settings = Settings()
            settings.maximumOwedComponents = count / 2
            settings.maximumOwedComponentsOfUnit = 4_096
            return owing(names(count), settings)
        }
        expectProportion(work(1_000), work(4_000))
    }

    @Test func `components that are all lost, and whose return is awaited, cost no search each`() {
        func work(_ count: Int) -> () -> Void {
            let names = names(count)
            let known = negotiation(names)
            return {
                var negotiation = known
                for (index, name) in names.enumerated() {
                    let peer = PeerID(UInt64(index + 1))
                    handle(.lost(peer, component: name), &negotiation)
                }
                #expect(names.allSatisfy { negotiation.processCount(of: $0) == 1 })
            }
        }
        expectProportion(work(500), work(2_000))
    }

    /// One update is under way, and the others wait for it or for their components.
    private func updates(_ count: Int, _ disruption: Disruption) -> Negotiation {
        let names = names(count)
        var negotiation = negotiation(names)
        for (index, name) in names.enumerated() {
            let id = "d-\(1_000 + index)"
            let stream = StreamID(PeerID(UInt64(10_000 + index)), 1)
            let request = UpdateRequest(
                deploymentID: id,
                disruption: disruption,
                components: [name]
            )
            handle(.announced(request, coordinator: stream, process: 0), &negotiation)
            if index == 0 { answer(id, name, 1, .zero, &negotiation) }
        }
        return negotiation
    }

    private func answer(
        _ id: DeploymentID,
        _ name: String,
        _ peer: Int,
        _ deferral: Duration,
        _ negotiation: inout Negotiation
    ) {
        let answer = Answer(
            request: StreamID(PeerID(UInt64(peer)), 2),
            component: name,
            deploymentID: id,
            deferral: deferral
        )
        handle(.answered(answer), &negotiation)
    }

    @Test func `updates that conflict cost what as many others cost`() {
        let names = names(64)
        func work(_ disruption: Disruption) -> () -> Void {
            let known = updates(64, disruption)
            let stream = StreamID(PeerID(1 << 40), 2)
            return {
                var negotiation = known
                for (index, name) in names.enumerated().dropFirst() {
                    answer("d-\(1_000 + index)", name, index + 1, .seconds(9), &negotiation)
                    handle(.subscribed(subscription("u/other", 100 + index)), &negotiation)
                    handle(.timePassed, &negotiation)
                }
                for id in negotiation.updates.names {
                    handle(.cancelled(id, reason: "r", by: "b", request: stream), &negotiation)
                    let end = Event.completed(id, .applied, message: nil, request: stream)
                    handle(end, &negotiation)
                }
            }
        }
        #expect(takesLess(than: 4, times: work(.components), work(.nucleus)))
    }
}
