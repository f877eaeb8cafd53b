// SPDX-License-Identifier: Apache-2.0

/// What an operator has settled for the components whose names match a pattern. What is nil is
/// left to other rules.
package struct ComponentRule: Hashable, Sendable {
    /// A name in which `*` stands for any text, also for none, and `?` for one character.
    package let pattern: String
    package var maySubscribe: Bool?
    /// The most that one answer is granted, whatever the update grants.
    package var maxDefer: Duration?
    /// The most that one update is blocked, whatever the update grants.
    package var maxTotalDefer: Duration?
    /// Every update that concerns the component waits for it, subscribed or not. The pattern is
    /// a plain name then.
    package var isRequired: Bool?
    /// Without its yes no update goes ahead that concerns it, unless by force. It is required, and
    /// the pattern is a plain name.
    package var isVeto: Bool?

    package init(pattern: String) {
        self.pattern = pattern
    }

    package var isPattern: Bool { Self.isPattern(pattern) }

    /// Whether it is for UNIT/NAME, and UNIT is a plain name: the operator knows that unit.
    var namesUnit: Bool {
        guard let slash = pattern.firstIndex(of: "/") else { return false }
        return !Self.isPattern(pattern[..<slash])
    }

    /// Whether it is for the component of this name, or for one of this name in some unit.
    func isAbout(_ name: ComponentName) -> Bool {
        if matches(name) { return pattern.contains { $0 != "*" && $0 != "?" } }
        return Update.matches(name, pattern)
    }

    private static func isPattern(_ text: some StringProtocol) -> Bool {
        text.contains { $0 == "*" || $0 == "?" }
    }

    package func matches(_ name: ComponentName) -> Bool {
        Self.matches(Array(pattern.utf8)[...], Array(name.utf8)[...])
    }

    /// Goes back to the latest star only, so its time is the product of the lengths at most.
    private static func matches(_ pattern: ArraySlice<UInt8>, _ name: ArraySlice<UInt8>) -> Bool {
        var (pattern, name) = (pattern, name)
        var retry: (pattern: ArraySlice<UInt8>, name: ArraySlice<UInt8>)?
        while true {
            if pattern.first == UInt8(ascii: "*") {
                pattern = pattern.dropFirst()
                retry = (pattern, name)
            } else if let byte = name.first, let wanted = pattern.first,
                wanted == byte || wanted == UInt8(ascii: "?")
            {
                pattern = pattern.dropFirst()
                name = name.dropFirst()
            } else if name.isEmpty, pattern.isEmpty {
                return true
            } else if let last = retry, !last.name.isEmpty {
                retry = (last.pattern, last.name.dropFirst())
                pattern = last.pattern
                name = last.name.dropFirst()
            } else {
                return false
            }
        }
    }
}
