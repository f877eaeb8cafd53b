// SPDX-License-Identifier: Apache-2.0

// Components that are required, and waited for until they subscribe.

extension Update {
    /// Adds a required component that has not subscribed.
    mutating func waitFor(_ name: ComponentName, _ handling: inout Handling) {
        let end = handling.now + policy.responseTimeout
        let budget = budget(of: name, handling.settings)
        let isTime = min(policy.responseTimeout, budget ?? .unlimited) > .zero
        let participant = Participant(
            isTime ? .absent : .silent,
            at: handling.now,
            until: isTime ? end : nil,
            policy: policy,
            budget: budget
        )
        add(name, participant, &handling)
    }

    /// The budget of a component that is no participant yet: it may be waited for by its last part.
    func budgetLeft(
        toArriving name: ComponentName,
        _ settings: Settings,
        at now: Instant
    ) -> Duration {
        let awaited = placeholders(for: name, settings).first.flatMap {
            participant(of: $0, as: name, settings)
        }
        let budget = budget(of: name, settings) ?? .unlimited
        return awaited?.budgetLeft(at: now)
            ?? max(.zero, budget - blocked(byUnitOf: name, at: now))
    }

    /// A required NAME was waited for, and UNIT/NAME meets it: they are one participant.
    mutating func recognise(_ name: ComponentName, _ handling: inout Handling) {
        for placeholder in placeholders(for: name, handling.settings) where placeholder != name {
            let participant = participant(of: placeholder, as: name, handling.settings)
            _ = remove(placeholder, &handling)
            guard let participant, participants[name] == nil else { continue }
            add(name, participant, &handling)
        }
    }

    /// The names under which a component was waited for, and has not subscribed yet, sorted.
    private func placeholders(for name: ComponentName, _ settings: Settings) -> [ComponentName] {
        name.meanings.filter {
            participants[$0]?.isPlaceholder ?? false && settings.meets($0, name)
        }.sorted()
    }

    /// The participant of a required NAME as that of UNIT/NAME. A rule for that may give it a
    /// smaller budget.
    private func participant(
        of placeholder: ComponentName,
        as name: ComponentName,
        _ settings: Settings
    ) -> Participant? {
        let budget = budget(of: name, settings) ?? .unlimited
        // A suspend may have extended the budget: without such a rule it stays as it is.
        let isLess = budget < self.budget(of: placeholder, settings) ?? .unlimited
        return isLess ? participants[placeholder]?.limited(to: budget) : participants[placeholder]
    }
}
