// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveTransport

/// A program and what it is told: found before anything else is done.
struct Command: Hashable, Sendable {
    let path: String
    let arguments: [String]

    static var searchPath: String { environment("PATH") ?? "/usr/local/bin:/usr/bin:/bin" }

    /// Looks `words[0]` up as a shell would: as a path if it has a slash, else in `searchPath`.
    init(_ words: [String], searchPath: String) throws(Failure) {
        let name = words[0]
        let directories = searchPath.split(separator: ":", omittingEmptySubsequences: false)
        let candidates =
            name.contains("/")
            ? [name] : directories.map { ($0.isEmpty ? "." : String($0)) + "/" + name }
        guard !name.isEmpty, let path = candidates.first(where: isExecutable) else {
            throw Failure(Exit.notFound, Self.complaint(name))
        }
        self.path = path
        arguments = words
    }

    private static func complaint(_ name: String) -> String {
        let what = name.contains("/") ? "is no executable file" : "is not found in PATH"
        return "the command \(shown(name)) \(what); nothing was done"
    }
}

private func isExecutable(_ path: String) -> Bool {
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return false }
    return access(path, X_OK) == 0
}
