// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// systemd-logind, which shuts the machine down, and tells processes to prepare for that.
package final class Logind {
    private static let service = "org.freedesktop.login1"
    private static let path = "/org/freedesktop/login1"
    private static let manager = "org.freedesktop.login1.Manager"
    private static let driver = "org.freedesktop.DBus"

    /// What logind announces of a shutdown.
    package enum Preparation: Hashable, Sendable {
        /// It is about to begin. `kind` is logind's word for it, if it gives one.
        case begins(kind: String?)
        case calledOff
    }

    private let bus: Bus
    /// The unique name of logind, nil while it is not running. Signals of other senders are
    /// ignored: any process can send a signal to this one directly, and the bus does not check the
    /// sender of such a signal against the rule.
    private var owner: String?
    private var appeared: () -> Void = {}
    private var prepares: (Preparation) -> Void = { _ in }

    package init(_ bus: Bus) {
        self.bus = bus
        bus.onConnected { [unowned self] in watch() }
    }

    /// Calls `handler` when logind can be called, and each time that it was restarted: it may have
    /// forgotten earlier calls.
    package func onAppearance(_ handler: @escaping () -> Void) { appeared = handler }

    package func onPreparation(_ handler: @escaping (Preparation) -> Void) { prepares = handler }

    private func watch() {
        let from =
            "type='signal',sender='\(Self.service)',path='\(Self.path)',"
            + "interface='\(Self.manager)',member="
        let owners =
            "type='signal',sender='\(Self.driver)',"
            + "interface='\(Self.driver)',member='NameOwnerChanged',arg0='\(Self.service)'"
        // A connection that has just ended refuses matches; the next one takes them.
        try? bus.listen(to: from + "'PrepareForShutdown'") { [unowned self] in
            prepare($0) { _ in nil }
        }
        // systemd 255 and later send both signals.
        try? bus.listen(to: from + "'PrepareForShutdownWithMetadata'") { [unowned self] in
            prepare($0) { $0.text(named: "type") }
        }
        try? bus.listen(to: owners) { [unowned self] message in
            guard message.sender == Self.driver else { return }
            identify((message.text(), message.text(), message.text()).2)
            if owner != nil { appeared() }
        }
        // The owner is known before logind grants an inhibitor, and so before it waits for one.
        owner = nil
        let ask = BusMethod(Self.driver, "/org/freedesktop/DBus", Self.driver, "GetNameOwner")
        bus.call(ask, [Self.service]) { [weak self] in self?.identify((try? $0.get())?.text()) }
        appeared()
    }

    private func identify(_ name: String?) { owner = name?.isEmpty == false ? name : nil }

    private func prepare(_ message: BusMessage, _ kind: (BusMessage) -> String?) {
        guard owner != nil, message.sender == owner, let begins = message.bool() else { return }
        prepares(begins ? .begins(kind: kind(message)) : .calledOff)
    }
}

// MARK: - Calls

extension Logind {
    package enum Mode: String, Hashable, Sendable {
        /// A shutdown waits until the lock is released, but no longer than logind is configured to.
        case delay
        /// A shutdown is refused.
        case block
    }

    /// Takes an inhibitor lock for shutdowns. `who` and `why` are for people to read.
    package func inhibit(
        _ mode: Mode,
        who: String,
        why: String,
        _ reply: @escaping (Result<Inhibitor, BusError>) -> Void
    ) {
        let inhibit = BusMethod(Self.service, Self.path, Self.manager, "Inhibit")
        bus.call(inhibit, ["shutdown", who, why, mode.rawValue]) { answer in
            reply(
                answer.flatMap { message in
                    guard let inhibitor = Inhibitor(message) else {
                        return .failure(BusError(name: "", message: "the reply has no descriptor"))
                    }
                    return .success(inhibitor)
                }
            )
        }
    }

    /// How long a shutdown waits for delay inhibitors at most; nil if logind does not say.
    package func delayLimit(_ reply: @escaping (Duration?) -> Void) {
        property("InhibitDelayMaxUSec") { message in
            let limit = message?.variant("t") { message?.number() }
            reply(limit.map { .microseconds(Int64(clamping: $0)) })
        }
    }

    /// Whether a shutdown has begun; nil if logind does not say.
    package func isPreparing(_ reply: @escaping (Bool?) -> Void) {
        property("PreparingForShutdown") { message in
            reply(message?.variant("b") { message?.bool() })
        }
    }

    /// What kind of shutdown is scheduled; nil if none is.
    package func scheduledKind(_ reply: @escaping (String?) -> Void) {
        property("ScheduledShutdown") { message in
            let kind = message?.variant("(st)") { message?.structure("st") { message?.text() } }
            reply(kind?.isEmpty == true ? nil : kind)
        }
    }

    private func property(_ name: String, _ reply: @escaping (BusMessage?) -> Void) {
        let properties = "org.freedesktop.DBus.Properties"
        let get = BusMethod(Self.service, Self.path, properties, "Get")
        bus.call(get, [Self.manager, name]) { reply(try? $0.get()) }
    }
}

/// An inhibitor lock. It is released with this object.
package final class Inhibitor {
    private let descriptor: Descriptor

    fileprivate init?(_ message: BusMessage) {
        guard let descriptor = message.descriptor() else { return nil }
        self.descriptor = descriptor
    }
}
