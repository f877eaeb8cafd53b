// SPDX-License-Identifier: Apache-2.0

/// What an update stops, from the least to the most. `nucleus` and all above it stop every
/// component; all from `softReboot` on take the machine down.
@nonexhaustive
public enum Disruption: String, CaseIterable, Comparable, Hashable, Sendable {
    /// The components that the update concerns restart.
    case components
    /// The nucleus restarts, and with it all components.
    case nucleus
    /// The machine reboots, but for its kernel.
    case softReboot = "soft-reboot"
    /// The machine reboots into another kernel, without its firmware.
    case kexec
    case reboot
    case powerOff = "power-off"
    case halt

    public static func < (one: Disruption, other: Disruption) -> Bool {
        one.strength < other.strength
    }

    /// The cases stand in this order.
    private var strength: Int { Self.allCases.firstIndex(of: self) ?? 0 }

    /// A word of a later version counts as a reboot.
    package init(wire text: String) {
        self = Disruption(rawValue: text) ?? .reboot
    }

    /// The nucleus and all components stop.
    package var stopsNucleus: Bool { self >= .nucleus }
    /// The machine goes down.
    package var stopsMachine: Bool { self >= .softReboot }

    /// Both take the machine down, and both or neither bring it up again. `systemctl reboot` makes
    /// a soft reboot or a kexec where one is prepared.
    package func isSameShutdown(as other: Disruption) -> Bool {
        stopsMachine && other.stopsMachine && (self >= .powerOff) == (other >= .powerOff)
    }
}
