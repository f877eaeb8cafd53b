// SPDX-License-Identifier: Apache-2.0

// The components that an update concerns.

extension Update {
    /// The name NAME in a request concerns the components NAME and UNIT/NAME.
    static func matches(_ wanted: ComponentName, _ component: ComponentName) -> Bool {
        component == wanted || component.hasSuffix("/" + wanted)
    }

    func concerns(_ component: ComponentName) -> Bool {
        requested.concerned?.means(component) ?? true
    }

    func concerns(_ subscription: Subscription) -> Bool {
        !isOwn(subscription.process)
            && !request.excused.contains(subscription.stream)
            && concerns(subscription.component)
    }

    /// Names in `components` of components that were never there, in the order given, each once.
    /// None where no component is notified.
    var unmatched: [ComponentName] {
        guard policy.notification == .notify, let wanted = request.components else { return [] }
        var unmatched = Set(wanted)
        for name in names(where: { !$0.isPlaceholder }) { unmatched.remove(namesOf: name) }
        return wanted.filter { unmatched.remove($0) != nil }
    }
}
