// SPDX-License-Identifier: Apache-2.0

public import Permit
internal import Reprieve

/// Devices, each with a broker that has one update, and a server with slots, in virtual time.
public struct Fleet {
    public typealias Machine = PermitStateMachine

    enum Event {
        case start(Int)
        case ask(Int, final: Bool)
        case deadline(Int, life: Int)
        case arrive(Int, life: Int, claims: Bool)
        case reply(Int, life: Int, Reply)
        case checked(Int, life: Int)
        case postpone(Int)
        case reboot(Int)
        case end(Int)
        case deliver(Int)
        case steady(Int)
    }

    /// What a device's broker does with the update.
    enum Stage: Hashable { case waiting, released, over }

    struct Device {
        var machine: Machine?
        var record: Record?
        /// Counts starts of the program: what comes for an earlier one is dropped.
        var life = 0
        var boot = 1
        var deadline: Duration?
        var stage = Stage.waiting
        var announcedAt = Duration.zero
        var outcome: Outcome?
        var isPosted = false
        var ask = 0
        var asksFinally = false
        var postponements = 0
        /// Between release and steady state.
        var isUnsteady = false
    }

    let settings: FleetSettings
    public internal(set) var report = FleetReport()
    public internal(set) var now = Duration.zero
    public internal(set) var holders: Set<Int> = []
    var devices: [Device]
    var queue = EventQueue<Event>()
    var dice: Dice

    public static let update = "d-42"

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

    public func isOver(_ device: Int) -> Bool { devices[device].stage == .over }

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
        case .deliver(let index): deliver(index)
        case .steady(let index): devices[index].isUnsteady = false
        }
    }

    /// Each device between release and steady state holds a slot, and no more do than there are.
    private mutating func check() {
        report.mostHolders = max(report.mostHolders, holders.count)
        guard settings.devices <= 64 else { return }
        for index in devices.indices where devices[index].isUnsteady && !holders.contains(index) {
            report.breaches.append("at \(now) device \(index) is unsteady without a slot")
        }
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
            if settings.forgetsWaiting, devices[index].stage == .waiting {
                (devices[index].stage, devices[index].isPosted) = (.over, true)
            }
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
