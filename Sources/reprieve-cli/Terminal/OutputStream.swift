// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import StrictJSON

/// Standard output or standard error.
struct OutputStream: Sendable {
    let descriptor: Int32

    static let standard = OutputStream(descriptor: 1)
    static let error = OutputStream(descriptor: 2)

    var isTerminal: Bool { isatty(descriptor) == 1 }

    /// A reader that has closed its end is no reason to fail.
    func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    func write(_ text: String) {
        write(Array(text.utf8))
    }

    func line(_ text: String) {
        write(text + "\n")
    }

    /// Writes a document on a line of its own.
    func line(_ json: JSON) {
        write(json.encoded() + [UInt8(ascii: "\n")])
    }
}
