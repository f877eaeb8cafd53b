// SPDX-License-Identifier: Apache-2.0

import Reprieve
import Testing

@testable import Permit

private typealias Machine = PermitStateMachine

@Suite("A permit that starts again") struct RestartTests {
    private func permit(_ edit: (inout Record) -> Void, boot: String = "b") -> Machine {
        var record = Record(boot: "b")
        edit(&record)
        return Machine(PermitPolicy(), record: record, boot: boot, seed: 1, at: .zero)
    }

    private func claimed(_ record: inout Record) {
        (record.isClaimed, record.updates) = (true, ["d-1"])
    }

    @Test func `gives nothing back before the broker has spoken`() {
        var permit = permit(claimed)
        #expect(permit.handle(.timePassed, at: .seconds(9_999)) == [])
        #expect(permit.nextDeadline == nil)
    }

    @Test func `holds on for an update that is under way`() {
        var permit = permit(claimed)
        #expect(permit.handle(.subscribed(underway: ["d-1"]), at: .zero) == [])
        #expect(permit.nextDeadline == nil)
        _ = permit.handle(.ended("d-1", .applied), at: .seconds(9))
        #expect(permit.handle(.timePassed, at: .seconds(69)) == [.giveBack])
    }

    @Test func `gives back for an update that still waits`() {
        var permit = permit(claimed)
        _ = permit.handle(.subscribed(underway: []), at: .zero)
        let question = Machine.Question("d-1", .reboot, final: false)
        let actions = permit.handle(.asked(.init(number: 1), question), at: .zero)
        #expect(actions == [.answer(.init(number: 1), .could), .giveBack])
    }

    @Test func `keeps the slot where the broker has forgotten the update in the same boot`() {
        var permit = permit(claimed)
        _ = permit.handle(.subscribed(underway: []), at: .zero)
        _ = permit.handle(.timePassed, at: .seconds(105))
        #expect(permit.kept != nil)
    }

    @Test func `awaits the end of a deferral that the broker may have taken over`() {
        var policy = PermitPolicy()
        policy.retry = .seconds(300)
        var record = Record(boot: "b")
        claimed(&record)
        var permit = Machine(policy, record: record, boot: "b", seed: 1, at: .zero)
        _ = permit.handle(.subscribed(underway: []), at: .zero)
        // It was lengthened by up to a half.
        #expect(permit.handle(.timePassed, at: .seconds(450)) == [])
        let question = Machine.Question("d-1", .reboot, final: false)
        let actions = permit.handle(.asked(.init(number: 1), question), at: .seconds(451))
        #expect(actions == [.answer(.init(number: 1), .could), .giveBack])
    }

    @Test func `gives back when steady where the broker has forgotten it in another boot`() {
        var permit = permit(claimed, boot: "c")
        _ = permit.handle(.subscribed(underway: []), at: .zero)
        #expect(!permit.handle(.timePassed, at: .seconds(105)).contains(.giveBack))
        #expect(permit.handle(.timePassed, at: .seconds(165)) == [.giveBack])
    }

    @Test func `keeps a kept slot where the broker has forgotten a later update`() {
        for boot in ["b", "c"] {
            var permit = permit(
                {
                    claimed(&$0)
                    $0.kept = "d-0 ended as failed"
                },
                boot: boot
            )
            _ = permit.handle(.subscribed(underway: []), at: .zero)
            _ = permit.handle(.timePassed, at: .seconds(600))
            #expect(permit.handle(.timePassed, at: .seconds(1_200)) == [])
            #expect(permit.kept != nil)
        }
    }

    @Test func `keeps the slot where an earlier version waited to give it back all the same`() {
        var permit = permit {
            ($0.isClaimed, $0.steadying, $0.kept) = (true, "d-1", "d-2 ended as failed")
        }
        #expect(permit.nextDeadline == nil)
        #expect(permit.handle(.timePassed, at: .seconds(600)) == [])
    }

    @Test func `waits anew until the device is steady`() {
        var permit = permit {
            ($0.isClaimed, $0.steadying) = (true, "d-1")
        }
        #expect(permit.nextDeadline == .seconds(60))
        #expect(permit.handle(.timePassed, at: .seconds(60)) == [.giveBack])
    }

    @Test func `without a record gives back once, when it is steady`() {
        var permit = Machine(PermitPolicy(), record: nil, boot: "b", seed: 1, at: .zero)
        #expect(permit.handle(.timePassed, at: .zero) == [])
        _ = permit.handle(.subscribed(underway: []), at: .zero)
        #expect(permit.handle(.timePassed, at: .seconds(60)) == [.giveBack])
        #expect(permit.handle(.replied(.done), at: .seconds(61)) == [.write(Record(boot: "b"))])
        #expect(permit.nextDeadline == nil)
    }

    @Test func `keeps the slot where the broker has forgotten what it said was under way`() {
        var permit = Machine(PermitPolicy(), record: nil, boot: "b", seed: 1, at: .zero)
        _ = permit.handle(.subscribed(underway: ["d-1"]), at: .zero)
        _ = permit.handle(.subscribed(underway: []), at: .seconds(10))
        _ = permit.handle(.timePassed, at: .seconds(600))
        #expect(permit.kept == "d-1 ended as unknown")
    }

    @Test func `keeps the slot where the broker has forgotten what was agreed to`() {
        var permit = permit({ _ in }, boot: "c")
        _ = permit.handle(.subscribed(underway: []), at: .zero)
        let question = Machine.Question("d-1", .reboot, final: true)
        _ = permit.handle(.asked(.init(number: 1), question), at: .zero)
        _ = permit.handle(.replied(.done), at: .zero)
        _ = permit.handle(.subscribed(underway: ["d-1"]), at: .seconds(1))
        #expect(permit.nextDeadline == nil)
        _ = permit.handle(.subscribed(underway: []), at: .seconds(2))
        #expect(permit.nextDeadline != nil)
        _ = permit.handle(.timePassed, at: .seconds(600))
        #expect(permit.kept == "d-1 ended as unknown")
    }

    @Test func `without a record holds on for what the broker says is under way`() {
        var permit = Machine(PermitPolicy(), record: nil, boot: "b", seed: 1, at: .zero)
        let actions = permit.handle(.subscribed(underway: ["d-1"]), at: .zero)
        var record = Record(boot: "b")
        claimed(&record)
        #expect(actions.contains(.write(record)))
        #expect(permit.handle(.timePassed, at: .seconds(9_999)) == [])
    }
}
