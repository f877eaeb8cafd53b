// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Where the process runs that a socket's peer connected from.
package struct PeerProcess: Equatable, Sendable {
    /// The system's unit it belongs to: "camera.service", "session-2.scope".
    package var unit: String?
    /// Within `user@UID.service`, the unit of that user's manager.
    package var userUnit: String?
    /// It belongs to no service, and to another PID namespace than this process.
    package var isContained = false
    /// It ended before it could be looked at, and somebody else may have its number.
    package var hasExited = false
}

/// Looks at the processes of peers.
package struct PeerLookup: Sendable {
    /// Whether systemd runs here, so that processes have units, and they are asked for.
    package let hasUnits: Bool

    package init(usesUnits: Bool = true) {
        hasUnits = usesUnits && sd_booted() > 0
    }

    /// What the kernel says about a peer's process. Where it offers a handle of the very process,
    /// the process is seen alive through it after it was looked at: what was seen was no other
    /// process with the same number. An older kernel leaves that open.
    package func process(
        _ number: Int32,
        behind socket: borrowing StreamSocket
    ) throws(SystemError) -> PeerProcess {
        // The process has no number in our namespace. To libsystemd 0 would mean ourselves.
        guard number > 0 else { return PeerProcess(isContained: true) }
        guard let handle = try Self.handle(of: number, behind: socket) else {
            return PeerProcess(hasExited: true)
        }
        do throws(SystemError) {
            let found = try look(at: number)
            return handle.hasExited ? PeerProcess(hasExited: true) : found
        } catch {
            if handle.hasExited { return PeerProcess(hasExited: true) }
            throw error
        }
    }

    private func look(at number: Int32) throws(SystemError) -> PeerProcess {
        var found = PeerProcess()
        if hasUnits {
            found.unit = try Self.name { sd_pid_get_unit(number, $0) }
            if found.unit?.hasPrefix("user@") == true {
                found.userUnit = try Self.name { sd_pid_get_user_unit(number, $0) }
            }
        }
        if found.unit?.hasSuffix(".service") != true {
            found.isContained = try Self.isContained(number)
        }
        return found
    }

    /// A process has a number in each PID namespace from ours down to its own. (To compare
    /// `/proc/PID/ns/pid` would take capabilities.)
    private static func isContained(_ number: Int32) throws(SystemError) -> Bool {
        let path = "/proc/\(number)/status"
        guard let bytes = try File.read(path, atMost: 64 * 1_024) else { return true }
        // Bytes: to find where characters end would take longer than all else of a connection.
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let line = lines.first { $0.starts(with: "NSpid:".utf8) }
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
        // A kernel without namespaces has no such line.
        return line.map { $0.split(whereSeparator: isSpace).count > 2 } ?? false
    }

    /// A name that libsystemd gives; nil where there is none.
    private static func name(
        _ ask: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) throws(SystemError) -> String? {
        var name: UnsafeMutablePointer<CChar>?
        let result = ask(&name)
        defer { free(name) }
        if result == -ENODATA || result == -ENXIO { return nil }
        try checkSystemd(result, "look up a peer's unit")
        return name.map { String(cString: $0) }
    }
}

/// A process that is known by more than its number.
private struct ProcessHandle: ~Copyable {
    let descriptor: Descriptor

    var hasExited: Bool { reprieve_has_exited(descriptor.number) != 0 }
}

extension PeerLookup {
    /// Nil if the process is gone.
    private static func handle(
        of number: Int32,
        behind socket: borrowing StreamSocket
    ) throws(SystemError) -> ProcessHandle? {
        var handle = reprieve_peer_handle(socket.descriptor)
        if handle < 0, errno == ENOPROTOOPT { handle = reprieve_process_handle(number) }
        if handle >= 0 { return ProcessHandle(descriptor: Descriptor(owning: handle)) }
        // The kernel says ESRCH or EINVAL of a process that is gone, depending on its version.
        if errno == ESRCH || errno == EINVAL { return nil }
        throw SystemError("look at a peer's process", errno: errno)
    }
}
