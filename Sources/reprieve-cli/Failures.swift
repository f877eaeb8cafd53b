// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol
internal import ReprieveTransport

/// The exit codes, as in sysexits(3).
enum Exit {
    static let usage: Int32 = 64
    static let unreachable: Int32 = 69
    static let failed: Int32 = 74
    static let notReleased: Int32 = 75
    static let underway: Int32 = 75
    static let cancelled: Int32 = 76
    static let notPermitted: Int32 = 77
    static let notFound: Int32 = 127
}

/// Why the program ends: a sentence and its exit code.
struct Failure: Error, Hashable {
    let exitCode: Int32
    let message: String

    init(_ exitCode: Int32, _ message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    init(_ error: ConnectionError) {
        switch error.code {
        case .noSocket, .notABroker: self.init(error, hint: " (--control-socket)")
        default: self.init(error, hint: "")
        }
    }

    init(_ error: ConnectionError, hint: String) {
        switch error.code {
        case .notPermitted, .denied: self.init(Exit.notPermitted, error.message + hint)
        default: self.init(Exit.unreachable, error.message + hint)
        }
    }

    init(_ error: ErrorShape) {
        let text = printable(error.message, limit: Limits.text)
        switch error.code {
        case .invalidArguments, .resourceNotFound: self.init(Exit.usage, text)
        case .conflict: self.init(Exit.notReleased, text)
        case .unauthorized: self.init(Exit.notPermitted, text)
        case .serviceError: self.init(Exit.unreachable, "the broker answers: " + text)
        }
    }
}

/// Says why, on standard error, and leaves the exit code. What the parser says is its own.
func explained(_ error: any Error) -> any Error {
    let failure: Failure
    switch error {
    case let error as Failure: failure = error
    case let error as ConnectionError: failure = Failure(error)
    case let error as ErrorShape: failure = Failure(error)
    default: return error
    }
    Output.error.line("reprieve: " + failure.message)
    return ExitCode(failure.exitCode)
}
