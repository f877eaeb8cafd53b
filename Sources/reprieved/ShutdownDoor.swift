// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker
import Systemd

/// The door between the broker and logind: keeps the inhibitors that the broker wants, and tells
/// it of shutdowns. What does not work is said once, and all else goes on without it.
final class ShutdownDoor {
    private let loop: EventLoop
    private let bus: Bus
    private let logind: Logind
    private let delay: Hold
    private let block: Hold
    private let log: Log
    private var wanted = Inhibition()
    private var happened: (Broker.Input) -> Void = { _ in }
    /// When the shutdown began that logind is being asked about.
    private var begun: (at: Duration, isDelayed: Bool)?
    private var kindOfShutdown: String?
    /// What has been said and not been well since.
    private var complaints: Set<MessageID> = []
    private var isWell = false

    init(_ loop: EventLoop, _ log: Log) throws(SystemError) {
        self.loop = loop
        self.log = log
        bus = try Bus(on: loop)
        logind = Logind(bus)
        delay = Hold(.delay, logind)
        block = Hold(.block, logind)
        bus.onLoss { [unowned self] in lose($0) }
        logind.onAppearance { [unowned self] in greet() }
        logind.onPreparation { [unowned self] in prepare($0) }
        delay.onAnswer { [unowned self] in report($0) }
        block.onAnswer { [unowned self] in reportBlock($0) }
    }

    func onEvent(_ handler: @escaping (Broker.Input) -> Void) { happened = handler }

    /// Sees to it that the machine is kept from what it is to be kept from, and from nothing else.
    func keep(_ inhibition: Inhibition) {
        wanted = inhibition
        // A device without components needs no bus.
        if inhibition.listens { bus.open() }
        // To let go needs no bus, which a shutdown may have taken away by then.
        if !inhibition.delays { delay.keep(nil) }
        if inhibition.block == nil { block.keep(nil) }
        if bus.isConnected { keepHolds() }
    }

    private func keepHolds() {
        let why = "components are asked before the machine goes down"
        delay.keep(wanted.delays ? Hold.Wish(who: "Reprieve", why: why) : nil)
        block.keep(wanted.block.map { Hold.Wish(who: $0.who, why: $0.why) })
    }

    private func greet() {
        delay.renew()
        block.renew()
        keepHolds()
        logind.isPreparing { [weak self] in
            // Whoever began a shutdown and has been restarted knows nothing of it any more.
            if $0 == false { self?.callOff() }
        }
    }
}

// MARK: - A shutdown

extension ShutdownDoor {
    private func prepare(_ preparation: Logind.Preparation) {
        switch preparation {
        case .calledOff: callOff()
        case .begins(let kind):
            if let kind { kindOfShutdown = kind }
            guard begun == nil else { return }
            begun = (loop.now, isDelayed: delay.isHeld)
            logind.scheduledKind { [weak self] in self?.assume($0) }
            // The replies come in the order of the questions, and after both of logind's signals.
            logind.delayLimit { [weak self] in self?.begin(within: $0) }
        }
    }

    private func callOff() {
        begun = nil
        kindOfShutdown = nil
        happened(.shutdownCalledOff)
    }

    /// An older logind says only what was scheduled, which need not be what happens.
    private func assume(_ scheduled: String?) {
        if kindOfShutdown == nil { kindOfShutdown = scheduled }
    }

    private func begin(within limit: Duration?) {
        guard let begun else { return }
        self.begun = nil
        let left = max(.zero, (limit ?? .zero) - (loop.now - begun.at))
        let kind = kindOfShutdown.flatMap { Shutdown.Kind(rawValue: $0) } ?? .unknown
        kindOfShutdown = nil
        happened(.shutdownBegins(Shutdown(kind, limit: begun.isDelayed ? left : .zero)))
    }
}

// MARK: - What does not work

extension ShutdownDoor {
    private static let loss = "; shutdowns do not wait for components"

    private func lose(_ error: SystemError) {
        // In a shutdown the bus goes, too, and nothing is lost by that.
        guard wanted.delays || wanted.block != nil else { return }
        complain(.noBus, error.message + (delay.isHeld ? "; its inhibitor stays" : Self.loss))
    }

    private func report(_ error: BusError?) {
        if let error { return complain(.noInhibitor, "logind: \(error.message)" + Self.loss) }
        logind.delayLimit { [weak self] in self?.report(limit: $0) }
    }

    private func report(limit: Duration?) {
        guard let limit else { return }
        guard limit > .zero else {
            let remedy = "InhibitDelayMaxSec= in /etc/systemd/logind.conf.d/zz-reprieve.conf"
            return complain(.noDelay, "logind waits for no inhibitor, by \(remedy)" + Self.loss)
        }
        complaints.subtract([.noBus, .noInhibitor, .noDelay])
        guard !isWell else { return }
        isWell = true
        let milliseconds = limit.wholeMilliseconds
        log.write(.info, "shutdowns wait for components, \(milliseconds) ms at most")
    }

    private func reportBlock(_ error: BusError?) {
        guard let error else {
            complaints.remove(.noBlock)
            return
        }
        complain(.noBlock, "logind: \(error.message); shutdowns are not refused")
    }

    private func complain(_ message: MessageID, _ text: String) {
        if message != .noBlock { isWell = false }
        guard complaints.insert(message).inserted else { return }
        log.write(.warning, text, message: message)
    }
}
