// SPDX-License-Identifier: Apache-2.0

internal import Negotiation

// An update's story for the log: who held it back and why, on what ground its gate opened, and
// what became of it. Each happens once, however many hear of it.

extension Broker {
    mutating func tell(
        _ event: NegotiationEvent,
        _ actions: [NegotiationAction],
        at now: Instant
    ) {
        tell(cause: event, actions.first, at: now)
        var told: [DeploymentID] = []
        for case .changed(let id) in actions where !told.contains(id) && tell(id, at: now) {
            told.append(id)
        }
    }

    /// What somebody did.
    private mutating func tell(
        cause event: NegotiationEvent,
        _ reply: NegotiationAction?,
        at now: Instant
    ) {
        switch (event, reply) {
        case (.answered(let answer), .granted(_, let grant)?) where answer.deferral > .zero:
            note(.deferred(answer, grant))
            warnOfLimit(answer, grant, at: now)
        case (.forced(let id, let reason, let by, _), .done?):
            note(.forced(id, Force(by: by, reason: reason)))
        default: break
        }
    }

    /// What became of an update in this instant. Returns whether anything did.
    private mutating func tell(_ id: DeploymentID, at now: Instant) -> Bool {
        guard let place = negotiation.updates.place(of: id) else {
            guard let end = negotiation.ending(of: id), end.at == now else { return false }
            note(.ended(id, end.ending))
            return true
        }
        let release = negotiation.updates.entries[place].release
        guard let release, release.at == now else { return false }
        for name in release.silent.prefix(Self.toldApart) { note(.passedOver(id, name, .silent)) }
        for name in release.overridden.prefix(Self.toldApart) {
            note(.passedOver(id, name, .overridden))
        }
        note(.released(release))
        return true
    }

    /// Who is told of one by one when a gate opens without them. The history has more of them.
    private static var toldApart: Int { 32 }

    /// A shutdown leaves less time than a component needs: said once, to whoever can change it.
    private mutating func warnOfLimit(_ answer: Answer, _ grant: Grant, at now: Instant) {
        guard answer.deploymentID == shutdown.deploymentID, !shutdown.hasWarned,
            grant.granted < answer.deferral,
            let deadline = negotiation.updates[answer.deploymentID]?.deadline,
            deadline - now - grant.granted < .milliseconds(1)
        else { return }
        shutdown.hasWarned = true
        note(.shutdownIsShort(answer, grant))
    }

    private mutating func note(_ note: Note) { actions.append(.note(note)) }
}
