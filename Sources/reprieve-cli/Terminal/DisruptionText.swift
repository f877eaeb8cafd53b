// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// What an update does beside restarting the components that it concerns.
func text(_ disruption: Disruption) -> String? {
    switch disruption {
    case .components: nil
    case .nucleus: "restarts the nucleus"
    case .softReboot: "soft-reboots the machine"
    case .kexec: "reboots the machine with kexec"
    case .reboot: "reboots the machine"
    case .powerOff: "powers the machine off"
    case .halt: "halts the machine"
    }
}
