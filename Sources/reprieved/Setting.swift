// SPDX-License-Identifier: Apache-2.0

/// One thing that can be set. The tables of all of them give the options, the keys of the
/// configuration file, and `--help`.
struct Setting<Target>: Sendable {
    /// As an option is spelt: "log-level".
    var name: String
    var value: String
    var help: String
    var set: @Sendable (inout Target, String) throws(ValueError) -> Void

    /// As a key is spelt: "LogLevel".
    var key: String {
        name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

/// Why a text is no value of a setting.
struct ValueError: Error {
    var message: String

    init(_ message: String) { self.message = message }
}
