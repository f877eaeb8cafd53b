// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import ReprieveTypes
internal import Systemd

/// Why the program ends: an exit code and a sentence.
struct Failure: Error, Hashable {
    let exitCode: Int32
    let message: String

    init(_ status: ExitStatus, _ message: String) {
        exitCode = status.rawValue
        self.message = message
    }

    init(_ signal: Signal, _ message: String) {
        exitCode = signal.exitCode
        self.message = message
    }

    /// `option` names the socket, where that may be the wrong one.
    init(_ error: ConnectionError, option: String) {
        let isPathWrong =
            [.noSocket, .notABroker, .notControl, .invalidPath].contains(error.code)
        let error = GateError(error)
        self.init(ExitStatus(error.code), error.message + (isPathWrong ? " (\(option))" : ""))
    }

    init(_ error: ErrorShape) {
        self.init(GateError(error))
    }

    init(_ error: GateError) {
        self.init(ExitStatus(error.code), error.message)
    }

    init(_ error: SystemError) {
        self.init(ExitStatus(error), error.message)
    }

    /// Nil for the errors of the argument parser, which prints them itself.
    init?(_ error: any Error) {
        switch error {
        case let error as Failure: self = error
        case let error as ConnectionError: self.init(error, option: "--control-socket")
        case let error as ErrorShape: self.init(error)
        case let error as GateError: self.init(error)
        case let error as SystemError: self.init(error)
        default: return nil
        }
    }

    /// The same with more to say.
    func adding(_ text: String) -> Failure {
        Failure(exitCode: exitCode, message: message + "; " + text)
    }

    private init(exitCode: Int32, message: String) {
        self.exitCode = exitCode
        self.message = message
    }

    func print() {
        OutputStream.error.line("reprieve: " + printable(message.repaired, limit: .max))
    }
}
