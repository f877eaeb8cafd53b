// SPDX-License-Identifier: Apache-2.0

internal import Negotiation
internal import ReprieveProtocol
internal import StrictJSON

/// The machine is about to go down.
package struct Shutdown: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Hashable, Sendable {
        case reboot
        case powerOff = "poweroff"
        case halt
        case kexec
        case softReboot = "soft-reboot"
        case unknown = "shutdown"
    }

    package var kind: Kind
    /// How long logind delays it at most. At zero components are told, and not waited for.
    package var limit: Duration

    package init(_ kind: Kind, limit: Duration) {
        self.kind = kind
        self.limit = limit
    }
}

/// A shutdown of this boot, and its gate: an update like any other, whose coordinator is the
/// broker itself. Only the next boot knows that it has taken place.
struct MachineShutdown: Sendable {
    var isUnderWay = false
    /// Nil where no component was subscribed, and no update under way.
    var deploymentID: DeploymentID?
    /// The log has said, once, that a component wants more time than there is.
    var hasWarned = false
}

extension StreamID {
    /// The broker as a coordinator. No connection has this number.
    static let broker = StreamID(PeerID(0), 1)
}

// MARK: - Its gate

extension Broker {
    mutating func beginShutdown(_ coming: Shutdown, at now: Instant) {
        guard !shutdown.isUnderWay else { return }
        shutdown.isUnderWay = true
        guard negotiation.hasSubscribers || hasUpdateUnderway else { return }
        let request = request(for: coming)
        shutdown.deploymentID = request.deploymentID
        auditLog.note(.shutdown(request.deploymentID, coming))
        // One more than clients may have under way: logind cannot be asked to try again later.
        negotiation.settings.maximumUpdates += 1
        defer { negotiation.settings = settings.negotiation }
        negotiate(.announced(request, coordinator: .broker, process: 0), at: now)
    }

    /// The machine stays up.
    mutating func callOffShutdown(at now: Instant) {
        guard shutdown.isUnderWay else { return }
        let id = shutdown.deploymentID
        shutdown = MachineShutdown()
        guard let id, let update = negotiation.updates[id] else { return }
        if update.isWaiting {
            let reason = "the shutdown is called off"
            let who = "systemd-logind"
            negotiate(.cancelled(id, reason: reason, by: who, request: .broker), at: now)
        } else {
            let message = "the machine did not go down"
            negotiate(.completed(id, .failed, message: message, request: .broker), at: now)
        }
    }

    /// Goes on with the shutdowns that an earlier broker left behind. A shutdown that only the
    /// state file has took place: a container that reboots may be told the same boot id. So did a
    /// soft reboot that was released: it leaves the journal in place.
    mutating func recallShutdowns(ofThisBoot known: Set<DeploymentID>, at now: Instant) {
        for update in negotiation.updates.entries where update.request.isShutdown {
            let id = update.id
            let leavesJournal = update.request.asSent == Shutdown.Kind.softReboot.asSent
            guard known.contains(id), update.isWaiting || !leavesJournal else {
                let over = NegotiationEvent.completed(id, .applied, message: nil, request: .broker)
                negotiate(over, at: now)
                continue
            }
            shutdown = MachineShutdown(isUnderWay: true, deploymentID: id)
            guard update.isWaiting else { continue }
            let same = update.request
            negotiate(.announced(same, coordinator: .broker, process: 0), at: now)
        }
    }

    private func request(for coming: Shutdown) -> UpdateRequest {
        // The margin is for writing down that the gate has opened.
        let margin = min(.seconds(1), coming.limit / 10)
        var policy = settings.policy
        policy.notification = .notify
        policy.onSilence = .proceed
        policy.onAbsence = .proceed
        policy.onDeadline = .proceed
        policy.deadline = coming.limit - margin
        policy.responseTimeout = min(policy.responseTimeout, policy.deadline)
        var request = UpdateRequest(
            deploymentID: nextShutdownID,
            reason: coming.kind.reason,
            disruption: coming.kind.disruption,
            policy: policy,
            asSent: coming.kind.asSent
        )
        request.isShutdown = true
        request.excused = negotiation.readySubscriptions(withVetoes: true) {
            $0.includesReboot
        }
        return request
    }

    private var nextShutdownID: DeploymentID {
        var number = 1
        while true {
            let id = "shutdown-\(settings.boot.prefix(8))-\(number)"
            if negotiation.updates[id] == nil, negotiation.ending(of: id) == nil { return id }
            number += 1
        }
    }

    /// Whether a client may end an update. The machine's shutdown it may not: that takes place
    /// whatever a client says of it.
    mutating func mayEnd(_ id: DeploymentID, _ request: StreamID) -> Bool {
        guard shutdown.deploymentID == id, negotiation.updates[id] != nil else { return true }
        let text = "\(quoted(id)) is the machine's shutdown, which only systemd-logind can end"
        fail(request, ErrorShape(.conflict, text))
        return false
    }
}

extension UpdateRequest {
    /// A component that acknowledged it is ready for the machine to go down.
    fileprivate var includesReboot: Bool { disruption.stopsNucleus }
}

extension Shutdown.Kind {
    /// The kind that a written request names; nil for one of a client, which names an update.
    init?(asSent: [UInt8]) {
        guard let kind = Self.allCases.first(where: { $0.asSent == asSent }) else { return nil }
        self = kind
    }

    fileprivate var asSent: [UInt8] {
        let json: JSON = ["shutdown": .string(rawValue)]
        return json.encoded()
    }

    /// Where logind does not say what kind it is, a reboot.
    var disruption: Disruption {
        switch self {
        case .reboot, .unknown: .reboot
        case .powerOff: .powerOff
        case .halt: .halt
        case .kexec: .kexec
        case .softReboot: .softReboot
        }
    }

    fileprivate var reason: String {
        switch self {
        case .reboot: "the machine reboots"
        case .powerOff: "the machine powers off"
        case .halt: "the machine halts"
        case .kexec: "the machine reboots into another kernel"
        case .softReboot: "the machine reboots, but for its kernel"
        case .unknown: "the machine shuts down"
        }
    }
}
