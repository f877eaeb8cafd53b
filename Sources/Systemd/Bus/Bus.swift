// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The system bus, on an event loop. Nothing here blocks: replies come in a later turn. The bus is
/// connected to as soon as it exists, and again when the connection has ended.
package final class Bus {
    /// A bus that ends each connection is connected to again after a pause, which doubles.
    private static let shortestPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(3_600)

    private let loop: EventLoop
    private let reopening: Alarm
    private var connection: BusConnection?
    private var pause = shortestPause
    private var connected: () -> Void = {}
    private var lost: (SystemError) -> Void = { _ in }
    /// Whether a connection is wanted.
    package private(set) var isOpen = false
    package private(set) var isConnected = false

    package init(on loop: EventLoop) throws(SystemError) {
        self.loop = loop
        reopening = try Alarm(on: loop)
        reopening.onFire { [unowned self] in connect() }
    }

    /// Calls `handler` after each connect. Calls and matches of an earlier connection have ended.
    package func onConnected(_ handler: @escaping () -> Void) { connected = handler }

    /// Calls `handler` when there is no bus, or when the connection has ended.
    package func onLoss(_ handler: @escaping (SystemError) -> Void) { lost = handler }

    /// Connects now or as soon as there is a bus, and again when the connection has ended.
    package func open() {
        guard !isOpen else { return }
        isOpen = true
        connect()
    }

    private func connect() {
        connection = nil
        do {
            connection = try BusConnection(on: loop)
            connection?.onState { [unowned self] in $0 ? greet() : lose() }
            if let absence = BusConnection.absence { lost(absence) }
        } catch { retry(after: error) }
    }

    private func greet() {
        isConnected = true
        pause = Self.shortestPause
        connected()
    }

    private func lose() {
        isConnected = false
        retry(after: SystemError("stay on the system bus", errno: ECONNRESET))
    }

    private func retry(after error: SystemError) {
        // Not at once: the connection that would be replaced is the caller.
        reopening.set(to: loop.now + pause)
        pause = min(pause * 2, Self.longestPause)
        lost(error)
    }
}

// MARK: - Calls and signals

extension Bus {
    /// Calls a method, all of whose arguments are texts. There is no reply if there is no bus.
    package func call(
        _ method: BusMethod,
        _ arguments: [String],
        _ reply: @escaping (Result<BusMessage, BusError>) -> Void
    ) {
        do { try connection?.call(method, arguments, reply) } catch {
            reply(.failure(BusError(name: "", message: error.message)))
        }
    }

    /// Receives the signals that match a rule, as long as this connection lasts.
    package func listen(
        to rule: String,
        _ handler: @escaping (BusMessage) -> Void
    ) throws(SystemError) {
        try connection?.listen(to: rule, handler)
    }
}

/// The address of a method.
package struct BusMethod: Hashable, Sendable {
    package var service: String
    package var path: String
    package var interface: String
    package var member: String

    package init(_ service: String, _ path: String, _ interface: String, _ member: String) {
        self.service = service
        self.path = path
        self.interface = interface
        self.member = member
    }
}

/// Why a call failed: a name such as "org.freedesktop.DBus.Error.AccessDenied", and a sentence.
package struct BusError: Error, Hashable, Sendable {
    package var name: String
    package var message: String
}
