// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol
internal import ReprieveTransport

/// What became of a withdrawal.
package enum WithdrawalResult: Hashable, Sendable {
    /// The components are told, or there was no update to withdraw.
    case withdrawn
    /// The gate had opened before.
    case tooLate
    /// The broker could not be told. It cancels the update by itself when no coordinator returns.
    case untold(String)
}

extension ControlClient {
    /// Cancels an update that this process announced, even if the current task is cancelled.
    package func withdraw(_ deploymentID: String, because reason: String) async -> WithdrawalResult
    {
        let request = ReasonedRequest(deploymentID: deploymentID, reason: reason)
        // A task of its own: a withdrawal often follows the cancellation of the current one.
        return await Task {
            do {
                try await cancel(request)
                return WithdrawalResult.withdrawn
            } catch let error as ErrorShape {
                return error.code == .conflict ? .tooLate : .withdrawn
            } catch let error as ConnectionError {
                return .untold(error.message)
            } catch {
                return .untold("the request was interrupted")
            }
        }.value
    }
}
