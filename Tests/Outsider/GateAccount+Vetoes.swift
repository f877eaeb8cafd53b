// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Components without whose yes no update goes ahead.

extension GateAccount {
    /// By whom the deadline refuses: the first veto that has not said yes, or, where a deferral
    /// refuses as well, the first component that blocks.
    var refuser: ComponentName? {
        let others = policy.onDeadline == .refuse
        let refusers = accounts.filter {
            $0.value.isVeto ? !$0.value.agrees : others && $0.value.blocks
        }
        return blockedAtDeadline ?? refusers.keys.min()
    }

    /// A veto that had time to answer and becomes silent in a final asking ends that, as a deferral
    /// of it would.
    mutating func hearSilence(
        of before: [ComponentName: ComponentAccount],
        _ settings: Settings,
        at now: Instant
    ) {
        guard asksFinally, policy.responseTimeout > .zero, deadline > now else { return }
        for (name, account) in accounts.sorted(by: { $0.key < $1.key })
        where account.isVeto && account.isOut && before[name]?.isOut == false {
            endFinalAsking(by: name, settings)
        }
    }

    /// Every word that was final is worth no more than before, and those who acted go back to work.
    mutating func takeWordsBack() {
        for name in accounts.keys { accounts[name]?.takeWordBack(isEnding: isEnding) }
    }

    /// Before others are asked finally every veto has agreed.
    func objectToHaste(_ asked: Set<ComponentName>, since before: GateAccount) -> [String] {
        let isFirst = !before.accounts.values.contains { !$0.isVeto && $0.isAskedFinally }
        guard isFirst, let name = asked.first(where: { accounts[$0]?.isVeto == false }),
            let veto = accounts.first(where: { $0.value.isVeto && !$0.value.agrees })
        else { return [] }
        return ["\(name) is asked finally before \(veto.key) has agreed"]
    }
}

extension ComponentAccount {
    /// It has said yes, and finally where it acts on a final notice.
    var agrees: Bool { state == .acknowledged && (hasFinalWord || !confirms) }

    /// Its last subscription has ended. Its yes and its silence end with that.
    mutating func leaveAsVeto(until end: Instant) {
        guard isVeto, isReady || isOut, !isGone else { return }
        (isReady, isOut, graceUntil) = (false, false, end)
    }

    /// The deadline's last call is a final question of its own.
    mutating func hearLastCall() {
        round += 1
        (finalRound, hadFinalCall) = (round, true)
    }

    /// What a veto says after the deadline's last call stands.
    fileprivate mutating func takeWordBack(isEnding: Bool) {
        guard isVeto, isEnding else { return goBackToWork() }
        (isAskedFinally, finalSubscriptions) = (false, [])
    }
}
