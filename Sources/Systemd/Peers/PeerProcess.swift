// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// Where the process runs that a socket's peer connected from.
package struct PeerProcess: Equatable, Sendable {
    /// The system's unit it belongs to: "camera.service", "session-2.scope". Nil where it belongs
    /// to none.
    package var unit: String?
    /// Within `user@UID.service`, the unit of that user's manager.
    package var userUnit: String?
    /// It belongs to no service, and to another PID namespace than this process.
    package var isContained = false
    /// It ended before it could be looked up. Its number may be another process's by now.
    package var hasExited = false
    /// Why it could not be looked up. Nothing is known of it then: it may run in a unit and in a
    /// container.
    package var failure: SystemError?
}

/// Looks up the processes of peers.
package struct PeerLookup: Sendable {
    /// Whether processes are looked up in systemd's units.
    package let hasUnits: Bool

    /// Where it cannot be told whether systemd is running, units are looked up, and the look-up
    /// says what is wrong.
    package init(usesUnits: Bool = true) {
        hasUnits = usesUnits && sd_booted() != 0
    }

    /// What the kernel says about a peer's process. Where the kernel offers a handle of the very
    /// process, that process is alive after the look-up: what was looked up was no other process
    /// with the same number. An older kernel leaves that open.
    package func process(
        _ number: Int32,
        behind socket: borrowing StreamSocket
    ) -> PeerProcess {
        // The process has no number in our namespace. To libsystemd 0 would mean ourselves.
        guard number > 0 else { return PeerProcess(isContained: true) }
        do throws(SystemError) {
            return try lookUp(number, Self.handle(of: number, behind: socket))
        } catch {
            return PeerProcess(failure: error)
        }
    }

    private func lookUp(
        _ number: Int32,
        _ handle: consuming ProcessHandle
    ) throws(SystemError) -> PeerProcess {
        guard !handle.hasExited else { return PeerProcess(hasExited: true) }
        do throws(SystemError) {
            let found = try lookUp(number, among: Self.numbersFiles(of: number, handle))
            return handle.hasExited ? PeerProcess(hasExited: true) : found
        } catch {
            // Each look-up of a process that has ended fails.
            if handle.hasExited { return PeerProcess(hasExited: true) }
            throw error
        }
    }

    private func lookUp(
        _ number: Int32,
        among files: [String]
    ) throws(SystemError) -> PeerProcess {
        var found = PeerProcess()
        var innermost: String?
        if hasUnits {
            found.unit = try Self.name { sd_pid_get_unit(number, $0) }
            innermost = found.unit
            if found.unit?.hasPrefix("user@") == true {
                found.userUnit = try Self.name { sd_pid_get_user_unit(number, $0) }
                innermost = found.userUnit
            }
        }
        if innermost?.hasSuffix(".service") != true {
            found.isContained = try Self.isContained(by: files)
        }
        return found
    }

    /// The files that may have the numbers of a process in its namespaces. A process can belong to
    /// 65,536 groups: its `status` lists them all, which takes milliseconds. What the kernel says
    /// of a handle is short, and has the numbers from Linux 5.5 on.
    private static func numbersFiles(
        of number: Int32,
        _ handle: borrowing ProcessHandle
    ) -> [String] {
        let status = "/proc/\(number)/status"
        return handle.number.map { ["/proc/self/fdinfo/\($0)", status] } ?? [status]
    }

    /// A process has a number in each PID namespace from ours down to its own. (To compare
    /// `/proc/PID/ns/pid` would take capabilities.)
    private static func isContained(by files: [String]) throws(SystemError) -> Bool {
        for path in files {
            if let count = try countOfNumbers(in: path) { return count > 1 }
        }
        // A kernel without namespaces.
        return false
    }

    /// Nil if the file does not say.
    private static func countOfNumbers(in path: String) throws(SystemError) -> Int? {
        guard let bytes = try File.read(path, atMost: 1_024 * 1_024) else {
            throw SystemError("read", path: path, errno: ENOENT)
        }
        // Bytes: to find where characters end would take longer than all else of a connection.
        let lines = bytes.split(separator: UInt8(ascii: "\n"))
        let line = lines.first { $0.starts(with: "NSpid:".utf8) }
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: " ") }
        return line.map { $0.split(whereSeparator: isSpace).count - 1 }
    }

    /// A name that libsystemd gives; nil where there is none.
    private static func name(
        _ ask: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Int32
    ) throws(SystemError) -> String? {
        var name: UnsafeMutablePointer<CChar>?
        let result = ask(&name)
        defer { free(name) }
        if result == -ENODATA || result == -ENXIO { return nil }
        try checkSystemd(result, "look up the unit of a connecting process")
        return name.map { String(cString: $0) }
    }
}

/// A process that is known by more than its number.
private enum ProcessHandle: ~Copyable {
    case descriptor(Descriptor)
    /// The kernel has no handles.
    case unavailable
    case exited

    /// The number of its descriptor, if it has one.
    var number: Int32? {
        switch self {
        case .descriptor(let descriptor): descriptor.number
        case .unavailable: nil
        case .exited: nil
        }
    }

    var hasExited: Bool {
        switch self {
        case .descriptor(let descriptor): reprieve_has_exited(descriptor.number) != 0
        case .unavailable: false
        case .exited: true
        }
    }
}

extension PeerLookup {
    private static func handle(
        of number: Int32,
        behind socket: borrowing StreamSocket
    ) throws(SystemError) -> ProcessHandle {
        var handle = reprieve_peer_handle(socket.descriptor)
        if handle < 0, errno == ENOPROTOOPT { handle = reprieve_process_handle(number) }
        if handle >= 0 { return .descriptor(Descriptor(owning: handle)) }
        switch errno {
        // Of a process that is gone the kernel says one or the other, depending on its version.
        case ESRCH, EINVAL: return .exited
        // Older than Linux 5.3.
        case ENOSYS: return .unavailable
        default: throw SystemError("look up a connecting process", errno: errno)
        }
    }
}
