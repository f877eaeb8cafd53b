// SPDX-License-Identifier: Apache-2.0

public import Permit
internal import Reprieve

/// Devices, each with a broker that has one update after the other, and a server with slots, in
/// virtual time.
public struct Fleet {
    public typealias Machine = PermitStateMachine

    enum Event {
        case start(Int)
        case announce(Int)
        case ask(Int, final: Bool)
        case deadline(Int, life: Int)
        case arrive(Int, life: Int, claims: Bool)
        case reply(Int, life: Int, Reply)
        case checked(Int, life: Int)
        case postpone(Int)
        case reboot(Int)
        case end(Int)
    }

    /// What a device's broker does with its latest update.
    enum Stage: Hashable { case waiting, released, over }

    struct Device {
        var machine: Machine?
        var record: Record?
        /// Counts starts of the program: what comes for an earlier one is dropped.
        var life = 0
        var boot = 1
        var deadline: Duration?
        /// Counts the updates.
        var number = 1
        var stage = Stage.waiting
        var announcedAt = Duration.zero
        /// The outcomes that the program is still to be told.
        var posts: [Post] = []
        var ask = 0
        var asksFinally = false
        var postponements = 0
        /// After the latest update that was made well.
        var steadyAt = Duration.zero
        /// One was made badly since then.
        var hasFailed = false

        var update: String { "d-\(number)" }
    }

    struct Post {
        let update: String
        let outcome: Outcome
    }

    let settings: FleetSettings
    public internal(set) var report = FleetReport()
    public internal(set) var now = Duration.zero
    public internal(set) var holders: Set<Int> = []
    var devices: [Device]
    var queue = EventQueue<Event>()
    var dice: Dice

    public init(_ settings: FleetSettings) {
        self.settings = settings
        dice = Dice(seed: settings.seed)
        devices = Array(repeating: Device(), count: settings.devices)
        let spread = settings.announcedWithin / .milliseconds(1)
        for index in devices.indices {
            devices[index].postponements = settings.postponements
            devices[index].announcedAt = .milliseconds(
                Int64(Double.random(in: 0...spread, using: &dice))
            )
            // A device that has run before: no record would make it give back at once.
            devices[index].record = Record(boot: "1")
            queue.insert(.start(index), at: devices[index].announcedAt)
        }
    }

    /// What the program on a device would show.
    public func summary(of device: Int) -> String { devices[device].machine?.summary ?? "dead" }

    public func record(of device: Int) -> Record? { devices[device].record }

    public func isOver(_ device: Int) -> Bool {
        devices[device].stage == .over && devices[device].number == settings.updates
    }

    /// Goes on until nothing happens any more, or until `end`.
    public mutating func run(until end: Duration) {
        while let time = queue.nextTime, time <= end, let next = queue.popFirst() {
            now = next.time
            handle(next.event)
            check()
        }
        now = max(now, end)
    }

    private mutating func handle(_ event: Event) {
        switch event {
        case .start(let index): start(index)
        case .announce(let index): announce(index)
        case .ask(let index, let final): ask(index, final: final)
        case .deadline(let index, let life):
            guard devices[index].life == life, devices[index].deadline.map({ $0 <= now }) ?? false
            else { return }
            devices[index].deadline = nil
            tell(index, .timePassed)
        case .arrive(let index, let life, let claims): arrive(index, life, claims: claims)
        case .reply(let index, let life, let reply):
            if devices[index].life == life { tell(index, .replied(reply)) }
        case .checked(let index, let life):
            if devices[index].life == life { tell(index, .checked(complaint: nil)) }
        case .postpone(let index): postpone(index)
        case .reboot(let index): kill(index, reboots: true)
        case .end(let index): end(index)
        }
    }

    /// Each device between release and steady state holds a slot, and no more do than there are.
    private mutating func check() {
        report.mostHolders = max(report.mostHolders, holders.count)
        guard settings.devices <= 64 else { return }
        for index in devices.indices where isUnsteady(index) && !holders.contains(index) {
            report.breaches.append("at \(now) device \(index) is unsteady without a slot")
        }
    }

    private func isUnsteady(_ index: Int) -> Bool {
        let device = devices[index]
        return device.stage == .released || device.hasFailed || now < device.steadyAt
    }

    // MARK: - The program of a device

    private mutating func start(_ index: Int) {
        devices[index].machine = Machine(
            settings.policy,
            record: devices[index].record,
            boot: String(devices[index].boot),
            seed: UInt64.random(in: 0...UInt64.max, using: &dice),
            at: now
        )
        tell(index, .timePassed)
        subscribe(index)
    }

    mutating func tell(_ index: Int, _ event: Machine.Event) {
        guard let actions = devices[index].machine?.handle(event, at: now) else { return }
        let life = devices[index].life
        for action in actions {
            report.actions += 1
            if report.actions == settings.killBefore {
                // A request may have left already.
                if action == .claim || action == .giveBack { perform(action, index) }
                kill(index, reboots: settings.killsDevice)
            }
            guard devices[index].life == life else { return }
            perform(action, index)
        }
        setDeadline(index)
    }

    private mutating func setDeadline(_ index: Int) {
        guard let next = devices[index].machine?.nextDeadline else { return }
        if let deadline = devices[index].deadline, deadline <= next { return }
        devices[index].deadline = next
        queue.insert(.deadline(index, life: devices[index].life), at: max(next, now))
    }

    mutating func kill(_ index: Int, reboots: Bool) {
        devices[index].life += 1
        devices[index].machine = nil
        devices[index].deadline = nil
        if reboots {
            devices[index].boot += 1
            // What was not written down is lost, and what counts is whether the device is steady.
            if devices[index].record?.kept == nil { devices[index].hasFailed = false }
            if settings.forgetsWaiting, devices[index].stage == .waiting { finish(index) }
        }
        queue.insert(.start(index), at: now + settings.restartTime)
    }

    private mutating func perform(_ action: Machine.Action, _ index: Int) {
        switch action {
        case .write(let record): devices[index].record = record
        case .claim, .giveBack:
            let event = Event.arrive(index, life: devices[index].life, claims: action == .claim)
            queue.insert(event, at: now + settings.latency / 2)
        case .answer(let ask, let answer):
            if ask.number == devices[index].ask { answered(index, answer) }
        case .checkHealth:
            queue.insert(.checked(index, life: devices[index].life), at: now + .seconds(1))
        case .log: break
        }
    }
}
