// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A message from the bus, whose values are read one after the other. It is valid only while its
/// handler runs.
package struct BusMessage {
    private let pointer: OpaquePointer

    init(_ pointer: OpaquePointer) { self.pointer = pointer }

    /// The unique name of the sender; "org.freedesktop.DBus" is the bus itself.
    var sender: String? { sd_bus_message_get_sender(pointer).map { String(cString: $0) } }

    /// The error that it reports; nil if it is no error.
    var error: BusError? {
        guard let error = sd_bus_message_get_error(pointer)?.pointee else { return nil }
        let name = error.name.map { String(cString: $0) } ?? ""
        return BusError(name: name, message: error.message.map { String(cString: $0) } ?? name)
    }

    /// The next value, if it is a boolean.
    package func bool() -> Bool? {
        var value: Int32 = 0
        return read("b", &value) ? value != 0 : nil
    }

    /// The next value, if it is a number of 64 bits.
    package func number() -> UInt64? {
        var value: UInt64 = 0
        return read("t", &value) ? value : nil
    }

    /// The next value, if it is a number of 32 bits.
    func number32() -> UInt32? {
        var value: UInt32 = 0
        return read("u", &value) ? value : nil
    }

    /// The elements of the next value, which is an array: `contents` is the signature of each.
    func array<Value>(of contents: String, _ read: () -> Value?) -> [Value] {
        let values = inside("a", contents) {
            var values: [Value] = []
            while let value = read() { values.append(value) }
            return values
        }
        return values ?? []
    }

    /// The next value, if it is a text.
    package func text() -> String? {
        var value: UnsafePointer<CChar>?
        return read("s", &value) ? value.map { String(cString: $0) } : nil
    }

    /// The next value, if it is a descriptor: a duplicate, which is closed with the result.
    func descriptor() -> Descriptor? {
        var value: Int32 = -1
        guard read("h", &value) else { return nil }
        // The message closes the original.
        let own = fcntl(value, F_DUPFD_CLOEXEC, 3)
        return own < 0 ? nil : Descriptor(owning: own)
    }

    /// The content of the next value, which is a variant: `contents` is its signature.
    package func variant<Value>(_ contents: String, _ read: () -> Value?) -> Value? {
        inside("v", contents, read)
    }

    /// The content of the next value, which is a structure.
    package func structure<Value>(_ contents: String, _ read: () -> Value?) -> Value? {
        inside("r", contents, read)
    }

    /// The text under a name in the next value, which is a dictionary of variants.
    package func text(named name: String) -> String? {
        inside("a", "{sv}") {
            var found: String?
            while found == nil, sd_bus_message_enter_container(pointer, kind("e"), "sv") > 0 {
                if text() == name {
                    found = variant("s") { text() }
                } else {
                    sd_bus_message_skip(pointer, "v")
                }
                sd_bus_message_exit_container(pointer)
            }
            return found
        }
    }

    private func inside<Value>(
        _ container: Unicode.Scalar,
        _ contents: String,
        _ read: () -> Value?
    ) -> Value? {
        guard sd_bus_message_enter_container(pointer, kind(container), contents) > 0 else {
            return nil
        }
        defer { sd_bus_message_exit_container(pointer) }
        return read()
    }

    private func read(_ type: Unicode.Scalar, _ value: UnsafeMutableRawPointer) -> Bool {
        sd_bus_message_read_basic(pointer, kind(type), value) > 0
    }

    private func kind(_ type: Unicode.Scalar) -> CChar { CChar(type.value) }
}
