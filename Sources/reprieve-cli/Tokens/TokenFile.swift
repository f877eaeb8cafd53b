// SPDX-License-Identifier: Apache-2.0

internal import Systemd
internal import Tokens

/// The tokens file, from which the broker reads its list of tokens.
struct TokenFile {
    let path: String

    static var defaultPath: String { OwnDirectories.configuration + "/tokens" }

    func read() throws -> TokenList {
        do {
            let bytes = try File.readPrivate(path, atMost: TokenList.maximumBytes)
            return try TokenList(decoding: String(decoding: bytes ?? [], as: UTF8.self))
        } catch let error as TokenListError {
            throw Failure(.fileError, "\(path):\(error.line): \(error.message)")
        }
    }

    /// Reads the file, changes the list and writes it, while no other process does.
    func change<Result>(_ change: (inout TokenList) throws -> Result) throws -> Result {
        // The link stays: the file that it leads to is replaced.
        let target = TokenFile(path: try File.target(of: path))
        try File.makeDirectory(of: target.path)
        return try File.locked(target.path) {
            var list = try target.read()
            let result = try change(&list)
            try File.replacePrivate(target.path, with: Array(list.encoded().utf8))
            return result
        }
    }
}
