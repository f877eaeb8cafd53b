// SPDX-License-Identifier: Apache-2.0

public import Permit
public import Reprieve

/// What happens to a fleet that gets one update, or some.
public struct FleetSettings: Sendable {
    public var devices = 1
    public var slots = 1
    public var policy = PermitPolicy()
    public var seed: UInt64 = 1
    /// How many updates each device gets, and how long after the one before was over.
    public var updates = 1
    public var timeBetween = Duration.seconds(20)
    /// The first update is announced to all devices within this time.
    public var announcedWithin = Duration.seconds(60)
    /// From release to outcome.
    public var updateTime = Duration.seconds(300)
    /// There and back again. A lost request takes `timeout`.
    public var latency = Duration.milliseconds(50)
    public var timeout = Duration.seconds(10)
    /// The share of the requests whose reply is lost.
    public var lost = 0.0
    /// When no server is there.
    public var outages: [Range<Duration>] = []
    /// The outcome on a device of its first, second … update.
    public var outcome: @Sendable (_ device: Int, _ number: Int, _ dice: Double) -> Outcome =
        { _, _, _ in .applied }
    /// The device reboots in the middle of the update.
    public var reboots = false
    /// How often, at the final asking, another component defers first.
    public var postponements = 0
    /// The action before which the program is killed, counted from 1 over the whole history.
    public var killBefore: Int?
    /// Whether that takes the whole device down.
    public var killsDevice = false
    /// The waiting update is not announced anew after that.
    public var forgetsWaiting = false
    /// Until the program is back.
    public var restartTime = Duration.seconds(5)

    public init() {}
}

/// What was seen.
public struct FleetReport: Hashable, Sendable {
    /// When each update was released and when its outcome came, in that order.
    public var releases: [Duration] = []
    public var ends: [Duration] = []
    public var longestWait = Duration.zero
    public var requests = 0
    /// By second.
    public var requestsAt: [Int] = []
    public var outcomes: [String: Int] = [:]
    public var actions = 0
    /// Moments at which a device was between release and steady state without a slot.
    public var breaches: [String] = []
    public var mostHolders = 0
}
