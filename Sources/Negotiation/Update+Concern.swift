// SPDX-License-Identifier: Apache-2.0

// The components that an update concerns.

extension Update {
    /// The name NAME in a request concerns the components NAME and UNIT/NAME.
    static func matches(_ wanted: ComponentName, _ component: ComponentName) -> Bool {
        component == wanted || component.hasSuffix("/" + wanted)
    }

    func concerns(_ component: ComponentName) -> Bool {
        guard let wanted = request.components, !wanted.isEmpty else { return true }
        return (wanted + policy.require).contains { Self.matches($0, component) }
    }

    func concerns(_ subscription: Subscription) -> Bool {
        !ownProcesses.contains(subscription.process)
            && !request.excused.contains(subscription.stream)
            && concerns(subscription.component)
    }

    /// Names in `components` of components that were never there, in the order given, each once.
    /// None where no component is notified.
    var unmatched: [ComponentName] {
        guard policy.notification == .notify, let wanted = request.components else { return [] }
        let present = names { !$0.isPlaceholder }
        var seen: Set<ComponentName> = []
        return wanted.filter { name in
            seen.insert(name).inserted && !present.contains { Self.matches(name, $0) }
        }
    }
}
