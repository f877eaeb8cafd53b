// SPDX-License-Identifier: Apache-2.0

/// What is written down, so that no slot is forgotten.
public struct Record: Codable, Hashable, Sendable {
    /// The boot in which it was written.
    public var boot: String
    /// The server may count this device among the holders.
    public var isClaimed = false
    /// The updates that the slot was claimed for and that are not over, sorted.
    public var updates: [String] = []
    /// The update after which the device is not known to be steady yet; nil where the slot is kept.
    public var steadying: String?
    /// Why the slot is kept until an operator or a better update comes.
    public var kept: String?
    /// The latest updates that went ahead without a slot, oldest first.
    public var withoutPermit: [String] = []

    public init(boot: String) {
        self.boot = boot
    }
}
