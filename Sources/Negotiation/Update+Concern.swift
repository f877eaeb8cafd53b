// SPDX-License-Identifier: Apache-2.0

// The components that an update concerns.

extension Update {
    /// The name NAME in a request concerns the components NAME and UNIT/NAME.
    static func matches(_ wanted: ComponentName, _ component: ComponentName) -> Bool {
        component == wanted || component.hasSuffix("/" + wanted)
    }

    func concerns(_ component: ComponentName) -> Bool {
        guard let concernedNames else { return true }
        return component.requestNames.contains { concernedNames.contains($0) }
    }

    func concerns(_ subscription: Subscription) -> Bool {
        !ownProcesses.contains(subscription.process)
            && !request.excused.contains(subscription.stream)
            && concerns(subscription.component)
    }

    /// Names in `components` that no participant has, in the order given, each once. None where no
    /// component is notified.
    var unmatched: [ComponentName] {
        guard policy.notification == .notify, let wanted = request.components else { return [] }
        var seen = Set(names { !$0.isPlaceholder }.flatMap(\.requestNames))
        return wanted.filter { seen.insert($0).inserted }
    }
}
