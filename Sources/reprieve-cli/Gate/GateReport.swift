// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import ReprieveProtocol
internal import Synchronization

/// How a gate ended, for the last event of `gate --json`.
final class GateReport: Sendable {
    let deploymentID: String
    private let ended: Mutex<EndedShape>

    init(_ deploymentID: String) {
        self.deploymentID = deploymentID
        ended = Mutex(EndedShape(deploymentID: deploymentID))
    }

    func set(_ change: (inout EndedShape) -> Void) {
        ended.withLock { change(&$0) }
    }

    /// The event for a program that ends well, or with this error.
    func event(after error: (any Error)? = nil, _ notRun: NotRunOptions? = nil) -> EndedShape {
        var event = ended.withLock { $0 }
        if let code = error as? ExitCode {
            event.exitCode = Int64(code.rawValue)
        } else if let error {
            let failure = Failure(error)
            let code = failure.map { notRun?.notRunCode ?? $0.exitCode }
            event.exitCode = Int64(code ?? ExitStatus.failed.rawValue)
            event.message = failure?.message
        }
        return event
    }
}

extension GateEvent {
    /// The result for a coordinator that is sent this as the last event.
    var result: EndedShape.Result? {
        switch self {
        case .progress: nil
        case .released(let released): released.joined ? .joined : .released
        case .refused: .refused
        case .cancelled: .cancelled
        }
    }
}
