// SPDX-License-Identifier: Apache-2.0

internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import Tokens

extension ControlClient {
    /// Says what was changed, and whether the broker has read it. A broker learns of a change of
    /// its file before it serves a connection that is made after the change.
    func report(_ change: String, of list: TokenList, in file: TokenFile) async throws {
        let found: TokensFileShape?
        do {
            found = try await status().tokensFile
        } catch {
            let reason = (error as? ConnectionError).map(text) ?? "is not known to have read it"
            return OutputStream.error.line("\(change); the broker \(reason)")
        }
        guard let found else {
            return OutputStream.error.line(change + "; reload the broker: it is of an old version")
        }
        if found.digest == list.digest.hexadecimal {
            return OutputStream.error.line(change + "; the broker has read it")
        }
        OutputStream.error.line(change)
        guard found.path == file.path else {
            let text = "the broker at \(shown(path)) reads \(shown(found.path))"
            return OutputStream.error.line("warning: " + text)
        }
        throw Failure(
            .fileError,
            "the broker does not accept \(file.path), as its log says: what it read before is valid"
        )
    }
}

private func text(_ error: ConnectionError) -> String {
    switch error.code {
    case .noSocket, .refused: "is not running, and reads it at its start"
    case .notPermitted: "cannot be asked by this user whether it has read it"
    default: "is not known to have read it: \(error.message)"
    }
}
