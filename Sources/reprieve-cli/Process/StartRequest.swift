// SPDX-License-Identifier: Apache-2.0

internal import CProcess
@preconcurrency internal import Glibc
internal import Systemd

/// A program to start, with its arguments and environment as raw bytes.
struct StartRequest: Sendable {
    private let executable: Executable
    private let additions: [(name: String, value: String)]
    private let mode: ChildProcess.Mode

    /// Variables that name the process they are meant for. They pass from this process to the one
    /// that takes its place.
    private static let processIDs = ["LISTEN_PID", "WATCHDOG_PID", "SYSTEMD_EXEC_PID"]

    init(
        _ executable: Executable,
        _ additions: [(name: String, value: String)],
        _ mode: ChildProcess.Mode
    ) {
        self.executable = executable
        self.additions = additions
        self.mode = mode
    }

    func perform() -> Result<pid_t, Children.Errno> {
        let arguments = executable.arguments.map(copy) + [nil]
        let path = copy(executable.path)
        let (environment, processIDs) = environment()
        defer { for pointer in arguments + environment + [path] { free(pointer) } }
        var process: pid_t = 0
        var start = process_start()
        start.path = UnsafePointer(path)
        start.mask = Signals.inheritedMask
        start.ignores_children = Signals.ignoresChildren ? 1 : 0
        switch mode {
        case .foreground: start.output = -1
        case .diagnostic: start.output = 2
        case .background(let output): (start.output, start.is_background) = (output, 1)
        }
        let failure = arguments.withUnsafeBufferPointer { arguments in
            environment.withUnsafeBufferPointer { environment in
                processIDs.withUnsafeBufferPointer { processIDs in
                    start.arguments = arguments.baseAddress
                    start.environment = environment.baseAddress
                    start.process_ids = processIDs.baseAddress
                    return process_spawn(&start, &process)
                }
            }
        }
        return failure == 0 ? .success(process) : .failure(Children.Errno(number: failure))
    }

    private typealias CStrings = [UnsafeMutablePointer<CChar>?]

    /// This program's environment with changes, and where in it the child writes its process id.
    private func environment() -> (variables: CStrings, processIDs: CStrings) {
        let processID = String(getpid())
        let names = mode.isBackground ? [] : Self.processIDs
        let mine = names.map { (name: $0, entry: $0 + "=" + processID) }
        var (variables, places): (CStrings, CStrings) = ([], [])
        var next = environ
        while let entry = next.pointee {
            next += 1
            if let name = mine.first(where: { strcmp(entry, $0.entry) == 0 })?.name {
                let variable = copy(name + "=" + String(repeating: " ", count: 12))
                variables.append(variable)
                places.append(variable.map { $0 + name.utf8.count + 1 })
            } else if !additions.contains(where: { has(entry, $0.name) }), !isBound(entry) {
                variables.append(strdup(entry))
            }
        }
        variables += additions.map { copy($0.name + "=" + $0.value) }
        return (variables + [nil], places + [nil])
    }

    private func has(_ entry: UnsafePointer<CChar>, _ name: String) -> Bool {
        let length = name.utf8.count
        guard strncmp(entry, name, length) == 0 else { return false }
        return UInt8(bitPattern: entry[length]) == UInt8(ascii: "=")
    }

    /// Whether it names this process by more than its id.
    private func isBound(_ entry: UnsafePointer<CChar>) -> Bool {
        !mode.isBackground && has(entry, "LISTEN_PIDFDID")
    }
}

private func copy(_ text: String) -> UnsafeMutablePointer<CChar>? {
    text.rawCString.withUnsafeBufferPointer { $0.baseAddress.flatMap { strdup($0) } }
}
