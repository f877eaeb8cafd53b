// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Components without whose yes no update goes ahead.

extension GateAccount {
    func isVeto(_ name: ComponentName) -> Bool {
        guard !request.isShutdown else { return false }
        return vetoes.contains { name.meets($0, rules) }
    }

    var vetoes: [ComponentName] {
        rules.filter { $0.isVeto == true }.map(\.pattern).filter {
            rules.lastWord(on: $0, \.isVeto) ?? false
        }
    }

    /// Who refuses the update at its deadline.
    var refuser: ComponentName? {
        if let blockedAtDeadline { return blockedAtDeadline }
        let refuses = policy.onDeadline == .refuse && !request.isShutdown
        return accounts.filter { _, account in
            account.isVeto ? !account.agrees : refuses && account.blocks
        }.keys.min()
    }

    /// A veto's silence ends a final asking as a deferral does.
    mutating func hearSilence(of before: [ComponentName: ComponentAccount]) {
        for (name, account) in accounts.sorted(by: { $0.key < $1.key })
        where account.isVeto && account.isOut && !(before[name]?.isOut ?? true) {
            guard before.values.contains(where: { $0.isAskedFinally }) else {
                continue
            }
            if before.contains(where: { $0.key != name && $0.value.mayHaveActed }) {
                breaks += 1
                accounts[name]?.breaks += 1
            }
            return takeWordsBack()
        }
    }

    mutating func takeWordsBack() {
        for (name, account) in accounts {
            accounts[name]?.isAskedFinally = false
            if !(isEnding && account.isVeto) { accounts[name]?.goBackToWork() }
        }
    }
}

extension ComponentAccount {
    /// It has said yes, finally where it acts on a final notice.
    var agrees: Bool { state == .acknowledged && (hasFinalWord || !confirms) }

    /// A veto's yes counts only while it is there.
    mutating func leaveAsVeto(until end: Instant) {
        guard isVeto, !isCut, !isGone else { return }
        if isReady { forgetDeferrals() }
        (isReady, hasFinalWord, isOut, graceUntil) = (false, false, false, end)
    }

    /// The deadline's last call asks a veto finally.
    mutating func hearLastCall() {
        round += 1
        finalRound = round
        hadFinalCall = true
    }
}
