// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveProtocol
internal import Systemd
internal import Tokens

/// The file that the broker knows tokens by.
struct TokenFile {
    let path: String

    static var defaultPath: String {
        if geteuid() == 0 { return "/etc/reprieve/tokens" }
        if let own = variable("XDG_CONFIG_HOME") { return own + "/reprieve/tokens" }
        return variable("HOME").map { $0 + "/.config/reprieve/tokens" } ?? "/etc/reprieve/tokens"
    }

    func read() throws -> TokenList {
        do {
            let bytes = try File.readPrivate(path, atMost: TokenList.maximumBytes)
            return try TokenList(decoding: String(decoding: bytes ?? [], as: UTF8.self))
        } catch let error as TokenListError {
            throw Failure(Exit.usage, "\(path):\(error.line): \(error.message)")
        } catch let error as SystemError {
            throw Failure(error)
        }
    }

    /// Reads it, changes it and writes it, while nobody else does.
    func change<Result>(_ change: (inout TokenList) -> Result) throws -> Result {
        let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        do {
            try makeDirectory(directory)
            return try File.locked(directory.isEmpty ? "/" : directory) {
                var list = try read()
                let before = list
                let result = change(&list)
                if list != before {
                    try File.replacePrivate(path, with: Array(list.encoded().utf8))
                }
                return result
            }
        } catch let error as SystemError {
            throw Failure(error)
        }
    }

    private func makeDirectory(_ path: String) throws(SystemError) {
        guard !path.isEmpty, mkdir(path, 0o755) != 0, errno != EEXIST else { return }
        throw SystemError("make the directory", path: path, errno: errno)
    }

    private static func variable(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }
}

extension Failure {
    fileprivate init(_ error: SystemError) {
        let isForbidden = [EPERM, EACCES, EROFS].contains(error.errno)
        self.init(isForbidden ? Exit.notPermitted : Exit.failed, error.message)
    }
}
