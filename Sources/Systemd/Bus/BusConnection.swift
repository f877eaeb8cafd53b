// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// One connection to the system bus, also while it is being established.
final class BusConnection {
    private static let local = "org.freedesktop.DBus.Local"

    private let bus: OpaquePointer
    private let loop: EventLoop
    /// The handlers of signals, which live as long as the connection.
    private var listeners: [Listener] = []

    init(on loop: EventLoop) throws(SystemError) {
        var made: OpaquePointer?
        try checkSystemd(sd_bus_new(&made), "make a bus connection")
        guard let made else { preconditionFailure("libsystemd made no bus connection") }
        bus = made
        self.loop = loop
        let address = Self.address.rawCString
        try checkSystemd(sd_bus_set_address(bus, address), "use the system bus's address")
        sd_bus_set_bus_client(bus, 1)
        // A bus that does not exist yet is connected to as soon as it does.
        sd_bus_set_watch_bind(bus, 1)
        sd_bus_set_connected_signal(bus, 1)
        // Nothing is left to be sent at the end, and a bus that hangs must not delay the exit.
        sd_bus_set_close_on_exit(bus, 0)
        try checkSystemd(sd_bus_start(bus), "connect to the system bus")
        let priority = Int32(EventSource.Priority.normal.rawValue)
        try checkSystemd(sd_bus_attach_event(bus, loop.event, priority), "watch the system bus")
    }

    deinit {
        sd_bus_detach_event(bus)
        sd_bus_close_unref(bus)
    }

    /// Calls `handler` with true when the connection is established, with false when it has ended.
    func onState(_ handler: @escaping (Bool) -> Void) {
        for (member, state) in [("Connected", true), ("Disconnected", false)] {
            let rule =
                "type='signal',sender='\(Self.local)',interface='\(Self.local)',"
                + "member='\(member)'"
            // These signals are local: the bus cannot refuse them.
            try? listen(to: rule) { _ in handler(state) }
        }
    }

    func listen(
        to rule: String,
        _ handler: @escaping (BusMessage) -> Void
    ) throws(SystemError) {
        let listener = Listener(loop, handler)
        let result = sd_bus_add_match_async(
            bus,
            nil,
            rule,
            { message, userdata, _ in
                BusConnection.listener(userdata).hear(message)
                return 0
            },
            // Without this handler, a rule that the bus refuses ends the connection.
            { _, _, _ in 0 },
            Unmanaged.passUnretained(listener).toOpaque()
        )
        try checkSystemd(result, "listen to the system bus")
        listeners.append(listener)
    }

    func call(
        _ method: BusMethod,
        _ arguments: [String],
        _ reply: @escaping (Result<BusMessage, BusError>) -> Void
    ) throws(SystemError) {
        var made: OpaquePointer?
        let result = sd_bus_message_new_method_call(
            bus,
            &made,
            method.service,
            method.path,
            method.interface,
            method.member
        )
        try checkSystemd(result, "call " + method.member)
        defer { sd_bus_message_unref(made) }
        let string = CChar(UInt8(ascii: "s"))
        for argument in arguments {
            let appended = argument.withCString { sd_bus_message_append_basic(made, string, $0) }
            try checkSystemd(appended, "call " + method.member)
        }
        let listener = Listener(loop) { message in
            if let error = message.error {
                reply(.failure(error))
            } else {
                reply(.success(message))
            }
        }
        let retained = Unmanaged.passRetained(listener)
        let sent = sd_bus_call_async(
            bus,
            nil,
            made,
            { message, userdata, _ in
                let listener = BusConnection.listener(userdata)
                if let userdata { Unmanaged<Listener>.fromOpaque(userdata).release() }
                listener.hear(message)
                return 0
            },
            retained.toOpaque(),
            0
        )
        if sent < 0 { retained.release() }
        try checkSystemd(sent, "call " + method.member)
    }

    fileprivate static func listener(_ userdata: UnsafeMutableRawPointer?) -> Listener {
        EventSource.owner(userdata, as: Listener.self)
    }
}

/// The receiver of messages. Each message is a turn.
private final class Listener {
    private unowned let loop: EventLoop
    private let handler: (BusMessage) -> Void

    init(_ loop: EventLoop, _ handler: @escaping (BusMessage) -> Void) {
        self.loop = loop
        self.handler = handler
    }

    func hear(_ message: OpaquePointer?) {
        guard let message else { return }
        loop.turn { handler(BusMessage(message)) }
    }
}

// MARK: - Its address

extension BusConnection {
    private static var address: String {
        guard let given = getenv("DBUS_SYSTEM_BUS_ADDRESS"), given.pointee != 0 else {
            return "unix:path=/run/dbus/system_bus_socket"
        }
        return String(rawCString: given)
    }

    /// Why a connection is impossible now; nil if it is possible, or if that is unknown.
    static var absence: SystemError? {
        let prefix = "unix:path="
        guard address.hasPrefix(prefix), !address.contains(",") else { return nil }
        let path = String(address.dropFirst(prefix.count))
        guard access(path.rawCString, F_OK) != 0 else { return nil }
        return SystemError("connect to the system bus at", path: path, errno: errno)
    }
}
