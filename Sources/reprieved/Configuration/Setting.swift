// SPDX-License-Identifier: Apache-2.0

import ReprieveProtocol

/// One thing that can be set. The tables of all settings give the options, the keys of the
/// configuration file, its example, and the manual pages.
struct Setting<Target>: Sendable {
    typealias Assign<Value> = @Sendable (inout Target, Value) throws(ValueError) -> Void

    /// As an option is spelt: "log-level".
    var name: String
    /// What stands for the value in `--help`: "DURATION".
    var value: String
    var help: String
    /// The value that it has unless it is set; empty where that is none, or depends on the system.
    var initial: String
    var set: Assign<String>

    init(
        _ name: String,
        _ value: String,
        _ help: String,
        default initial: String = "",
        set: @escaping Assign<String>
    ) {
        self.name = name
        self.value = value
        self.help = help
        self.initial = initial
        self.set = set
    }

    /// As a key is spelt: "LogLevel".
    var key: String {
        name.split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }
}

extension Setting {
    static func duration(
        _ name: String,
        _ help: String,
        default initial: String = "",
        set: @escaping Assign<Duration>
    ) -> Self {
        Setting(name, "DURATION", help, default: initial) { target, text throws(ValueError) in
            try set(&target, parsedDuration(text))
        }
    }

    /// A number within bounds.
    static func count(
        _ name: String,
        _ help: String,
        default initial: String,
        in bounds: ClosedRange<Int>,
        set: @escaping Assign<Int>
    ) -> Self {
        let help = "\(help); \(countsText(bounds))"
        return Setting(name, "COUNT", help, default: initial) { target, text throws(ValueError) in
            try set(&target, parsedCount(text, in: bounds))
        }
    }

    /// A number of bytes within bounds.
    static func bytes(
        _ name: String,
        _ help: String,
        default initial: String,
        in bounds: ClosedRange<Int>,
        set: @escaping Assign<Int>
    ) -> Self {
        let help = "\(help); \(bytesText(bounds))"
        return Setting(name, "BYTES", help, default: initial) { target, text throws(ValueError) in
            try set(&target, parsedBytes(text, in: bounds))
        }
    }

    /// Whether an update does not go ahead for something.
    static func refusal(
        _ name: String,
        _ help: String,
        default initial: String,
        set: @escaping Assign<Bool>
    ) -> Self {
        Setting(name, "proceed|refuse", help, default: initial) { target, text throws(ValueError) in
            guard text == "proceed" || text == "refuse" else {
                throw ValueError("\(quoted(text)) is neither proceed nor refuse")
            }
            try set(&target, text == "refuse")
        }
    }

    static func flag(
        _ name: String,
        _ help: String,
        default initial: String,
        set: @escaping Assign<Bool>
    ) -> Self {
        Setting(name, "yes|no", help, default: initial) { target, text throws(ValueError) in
            try set(&target, parsedFlag(text))
        }
    }
}

/// Why a text is no value of a setting.
struct ValueError: Error {
    var message: String

    init(_ message: String) { self.message = message }
}
