// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTypes
internal import Systemd

/// The program that runs a file: the one that a script names in its first line, as in
/// `#!/usr/bin/env python3`, or the dynamic loader of a program.
struct Interpreter: Hashable, Sendable {
    private let path: String
    private var argument: String?

    /// Nil for a file that needs none, or is not readable.
    init?(of file: String) {
        let descriptor = open(file.rawCString, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        if let program = ELFFile(descriptor) {
            guard let loader = program.loader else { return nil }
            path = loader
            return
        }
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

    /// The program that is needed and missing. An interpreter may have one, to the kernel's depth.
    func missing(searchPath: String, depth: Int = 4) -> String? {
        guard isExecutable(path) else { return path }
        if depth > 0, let other = Interpreter(of: path),
            let missing = other.missing(searchPath: searchPath, depth: depth - 1)
        {
            return missing
        }
        guard path.hasSuffix("/env"), let argument, !argument.hasPrefix("-"),
            !argument.contains("=")
        else { return nil }
        let candidates = Executable.candidates(argument, searchPath).filter(isExecutable)
        guard let found = candidates.first else { return argument }
        guard depth > 0, let other = Interpreter(of: found) else { return nil }
        return other.missing(searchPath: searchPath, depth: depth - 1)
    }
}
