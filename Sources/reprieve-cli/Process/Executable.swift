// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTransport
internal import Systemd

/// A program and its arguments. It is looked up before anything else is done, so that a spelling
/// mistake shows before an update is announced.
struct Executable: Hashable, Sendable {
    let path: String
    let arguments: [String]

    static var searchPath: String { environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin" }

    /// Looks `words[0]` up as a shell would: as a path if it has a slash, else in `searchPath`.
    init(_ words: [String], searchPath: String) throws(Failure) {
        let name = words[0]
        let candidates = Self.candidates(name, searchPath)
        guard !name.isEmpty, let path = candidates.first(where: isExecutable) else {
            let reason = name.contains("/") ? "is not an executable file" : "is not found in PATH"
            throw Failure(.notFound, "the command \(shown(name)) \(reason); nothing was done")
        }
        if let missing = Interpreter(of: path)?.missing(searchPath: searchPath) {
            let reason = "needs \(shown(missing)), which is not found; nothing was done"
            throw Failure(.notFound, "the command \(shown(name)) \(reason)")
        }
        self.path = path
        arguments = words
    }

    static func candidates(_ name: String, _ searchPath: String) -> [String] {
        if name.contains("/") { return [name] }
        let directories = searchPath.split(separator: ":", omittingEmptySubsequences: false)
        return directories.map { ($0.isEmpty ? "." : String($0)) + "/" + name }
    }
}

func isExecutable(_ path: String) -> Bool {
    var status = stat()
    let rawPath = path.rawCString
    guard stat(rawPath, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return access(rawPath, X_OK) == 0
}
