// SPDX-License-Identifier: Apache-2.0

import Systemd
import Tokens

/// The tokens file, as the daemon finds it.
struct TokensFile {
    let exists: Bool
    /// There is nothing in it, not even a comment: an editor may be about to write it.
    let isEmpty: Bool
    let tokens: TokenList

    /// Throws a sentence that names the file and what is wrong with it.
    init(at path: String) throws(ValueError) {
        let bytes: [UInt8]?
        do {
            bytes = try File.readPrivate(path, atMost: TokenList.maximumBytes)
        } catch {
            throw ValueError(error.message)
        }
        exists = bytes != nil
        isEmpty = bytes?.isEmpty ?? true
        do {
            tokens = try TokenList(decoding: String(decoding: bytes ?? [], as: UTF8.self))
        } catch {
            throw ValueError("\(path):\(error.line): \(error.message)")
        }
    }
}
