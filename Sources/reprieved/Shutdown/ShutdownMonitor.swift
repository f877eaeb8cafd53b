// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker
import Systemd

/// Connects the broker with logind: holds the inhibitor locks that the broker wants, and reports
/// shutdowns to it. A problem is logged once, and everything else goes on without it.
final class ShutdownMonitor {
    let loop: EventLoop
    let bus: Bus
    let logind: Logind
    let delay: InhibitorLock
    let block: InhibitorLock
    let log: Log
    let retrying: Alarm
    var retryPause = shortestRetryPause
    var wanted = Inhibition()
    /// Problems that were logged and not solved since.
    var complaints: Set<MessageID> = []
    /// Whether the log says that shutdowns wait.
    var isWell = false
    private var happened: (Broker.Input) -> Void = { _ in }
    /// When the shutdown began, while logind is asked about it.
    private var begun: (at: Duration, isDelayed: Bool)?
    private var kindOfShutdown: String?

    init(_ loop: EventLoop, _ log: Log) throws(SystemError) {
        self.loop = loop
        self.log = log
        bus = try Bus(on: loop)
        retrying = try Alarm(on: loop)
        logind = Logind(bus)
        delay = InhibitorLock(.delay, logind)
        block = InhibitorLock(.block, logind)
        bus.onLoss { [unowned self] in reportLoss($0) }
        logind.onAppearance { [unowned self] in greet() }
        logind.onPreparation { [unowned self] in prepare($0) }
        retrying.onFire { [unowned self] in retryAfterPause() }
        delay.onAnswer { [unowned self] in reportDelay($0) }
        block.onAnswer { [unowned self] in reportBlock($0) }
    }

    func onEvent(_ handler: @escaping (Broker.Input) -> Void) { happened = handler }

    /// Holds these inhibitor locks from now on, and no other ones.
    func keep(_ inhibition: Inhibition) {
        wanted = inhibition
        // A device without components needs no bus.
        if inhibition.listens { bus.open() }
        // A lock is released without the bus, which a shutdown may have ended by then.
        if !inhibition.delays { delay.keep(nil) }
        if inhibition.block == nil { block.keep(nil) }
        if bus.isConnected { takeLocks() }
        if !isRefused { stopRetrying() }
    }

    private func takeLocks() {
        delay.keep(wanted.delay)
        block.keep(wanted.block)
    }

    private func greet() {
        delay.renew()
        block.renew()
        takeLocks()
        logind.isPreparing { [weak self] in
            // A logind that was restarted knows nothing of a shutdown that had begun before.
            if $0 == false { self?.callOff() }
        }
    }
}

// MARK: - A shutdown

extension ShutdownMonitor {
    private func prepare(_ preparation: Logind.Preparation) {
        switch preparation {
        case .calledOff:
            // During the shutdown logind refused new locks.
            retry()
            callOff()
        case .begins(let kind):
            if let kind { kindOfShutdown = kind }
            guard begun == nil else { return }
            begun = (loop.now, isDelayed: delay.isHeld)
            logind.scheduledKind { [weak self] in self?.assume($0) }
            // The replies come in the order of the calls, and after both of logind's signals.
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
