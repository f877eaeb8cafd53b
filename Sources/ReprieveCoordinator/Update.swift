// SPDX-License-Identifier: Apache-2.0

/// A disruptive change to announce: an update, in the broker's terms.
public struct Update: Hashable, Sendable {
    /// 1 to 256 bytes. The same id with the same request joins an update that waits already.
    public var id: String
    /// Why the update is made, for the components and the history.
    public var reason: String?
    /// What it stops.
    public var disruption: Disruption
    /// The components that the update concerns; empty means all.
    public var components: [String]
    /// Whether its gate stays shut while an update is under way that stops the same components, or
    /// the nucleus, and theirs while it is under way itself.
    public var isExclusive = true
    /// Whether its outcome is reported by `complete`, perhaps in the next boot. An update that is
    /// not announced so, and that stops components only, ends with the outcome `unknown` when its
    /// process has been gone for five minutes.
    public var completesLater = false

    public init(
        _ id: String,
        reason: String? = nil,
        disruption: Disruption = .components,
        components: [String] = []
    ) {
        self.id = id
        self.reason = reason
        self.disruption = disruption
        self.components = components
    }
}
