// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTypes
internal import Systemd

/// The program that a script names in its first line, as in `#!/usr/bin/env python3`.
struct Interpreter: Hashable, Sendable {
    private let path: String
    private let argument: String?

    /// Nil for a file that is no script, or is not readable.
    init?(of file: String) {
        let descriptor = open(file.rawCString, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = read(descriptor, &bytes, bytes.count)
        guard count > 2, bytes.starts(with: Array("#!".utf8)) else { return nil }
        let line = bytes.prefix(count).dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }
        // A carriage return is part of the name, as it is for the kernel.
        let words = line.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        guard let first = words.first else { return nil }
        path = String(rawBytes: Array(first))
        argument = words.dropFirst().first.map { String(rawBytes: Array($0)) }
    }

    /// What the script needs and is not there.
    func missing(searchPath: String) -> String? {
        guard isExecutable(path) else { return path }
        guard path.hasSuffix("/env"), let argument, !argument.hasPrefix("-"),
            !argument.contains("=")
        else { return nil }
        let isFound = Executable.candidates(argument, searchPath).contains(where: isExecutable)
        return isFound ? nil : argument
    }
}
