// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// The system bus, on an event loop. Nothing here waits: a bus that is not there yet is watched
/// for, what is asked is answered in a later turn, and a connection that ends is made again.
package final class Bus {
    /// Beyond a bus that is not there, which is watched for, there are those that end each
    /// connection. They are tried again less and less often.
    private static let shortestPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(3_600)

    private let loop: EventLoop
    private let reopening: Alarm
    private var connection: BusConnection?
    private var pause = shortestPause
    private var connected: () -> Void = {}
    private var lost: (SystemError) -> Void = { _ in }
    /// Whether it is to be there.
    package private(set) var isOpen = false
    package private(set) var isConnected = false

    package init(on loop: EventLoop) throws(SystemError) {
        self.loop = loop
        reopening = try Alarm(on: loop)
        reopening.onFire { [unowned self] in connect() }
    }

    /// Calls `handler` whenever the bus has been connected to: what was asked or listened for on
    /// an earlier connection has ended with it.
    package func onConnected(_ handler: @escaping () -> Void) { connected = handler }

    /// Calls `handler` whenever the bus is not there, or no longer.
    package func onLoss(_ handler: @escaping (SystemError) -> Void) { lost = handler }

    /// Connects, now or as soon as there is a bus, and again after each loss.
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
        // Not at once: this is called by what would be replaced.
        reopening.set(to: loop.now + pause)
        pause = min(pause * 2, Self.longestPause)
        lost(error)
    }
}

// MARK: - Speaking

extension Bus {
    /// Calls a method, all of whose arguments are texts. Nothing is heard of it if there is no bus.
    package func call(
        _ method: BusMethod,
        _ arguments: [String],
        _ reply: @escaping (Result<BusMessage, BusError>) -> Void
    ) {
        do { try connection?.call(method, arguments, reply) } catch {
            reply(.failure(BusError(name: "", message: error.message)))
        }
    }

    /// Hears a signal from now on, as long as this connection lasts.
    package func listen(
        to rule: String,
        _ handler: @escaping (BusMessage) -> Void
    ) throws(SystemError) {
        try connection?.listen(to: rule, handler)
    }
}

/// Where a method is.
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

/// Why a call failed: "org.freedesktop.DBus.Error.AccessDenied" and a sentence.
package struct BusError: Error, Hashable, Sendable {
    package var name: String
    package var message: String
}
