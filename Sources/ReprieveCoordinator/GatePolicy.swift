// SPDX-License-Identifier: Apache-2.0

/// How long a gate waits for which components. The broker's default applies to what is nil.
/// Durations are from 0 to a century, and count in whole milliseconds.
public struct GatePolicy: Hashable, Sendable {
    /// How long a component may take to answer (60 s). With 0 all components are told, and none is
    /// asked.
    public var responseTimeout: Duration?
    /// When the gate opens at the latest, from the announcement (24 h).
    public var deadline: Duration?
    /// The longest deferral that one answer is granted (1 h).
    public var maximumDeferral: Duration?
    /// The budget: how long one component may block the update, all in all (12 h).
    public var maximumTotalDeferral: Duration?
    /// What follows when a component does not answer in time (proceed).
    public var onSilence: OnSilence?
    /// Components that the gate waits for even while they are not connected.
    public var required: [String] = []
    /// What follows when one of them is not connected in time (refuse).
    public var onAbsence: OnAbsence?
    /// What follows when a component still blocks at the deadline (proceed). A component that the
    /// operator gave a veto refuses the update then, in any case.
    public var onDeadline: OnDeadline?
    /// Whether the update is announced even if no component that the broker knows has a name in
    /// the update's `components`. Otherwise that is an error, `unknownComponent`. A name is known
    /// if a component is connected under it, or the configuration, the tokens or the history have
    /// it.
    public var allowsUnmatched = false
    /// Whether no component is told or asked.
    public var isSilent = false

    public init() {}
}
