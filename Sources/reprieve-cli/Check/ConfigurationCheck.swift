// SPDX-License-Identifier: Apache-2.0

internal import Systemd

/// Has `reprieved --check-config` read the configuration in a directory. The same program reads it
/// when the broker starts.
struct ConfigurationCheck {
    let directory: String

    private static let timeout = Duration.seconds(5)
    private static let prefix = "reprieved: "

    /// Where it is installed, which may not be in an ordinary user's PATH.
    private static let administration = ":/usr/local/sbin:/usr/sbin:/sbin"

    func found() async -> FoundConfiguration {
        var found = FoundConfiguration()
        guard let program, let (isGood, lines) = try? await output(of: program) else {
            return found
        }
        found.isGood = isGood
        found.result = lines.filter { !$0.hasPrefix(Self.prefix) }
        found.complaints = lines.filter { $0.hasPrefix(Self.prefix) }.map {
            String($0.dropFirst(Self.prefix.count))
        }
        return found
    }

    /// Beside this command, else in the search path.
    private var program: String? {
        let own = (try? File.target(of: "/proc/self/exe")) ?? ""
        let beside = own.lastIndex(of: "/").map { String(own[...$0]) + "reprieved" }
        let path = Executable.searchPath + Self.administration
        return ([beside].compactMap { $0 } + Executable.candidates("reprieved", path))
            .first(where: isExecutable)
    }

    /// Nil where it does not come to a verdict.
    private func output(of program: String) async throws -> (isGood: Bool, lines: [String])? {
        let file = directory + "/reprieved.conf"
        let isThere = FileIdentity(at: file) != nil
        let options = isThere ? ["--config", file] : []
        let words = ["sh", "-c", #"exec "$@" 2>&1"#, "sh", program, "--check-config"] + options
        let process = try await CapturedProcess(
            Executable(words, searchPath: Executable.searchPath),
            // A directory without that file may have drop-ins, and tokens.
            environment: [("CONFIGURATION_DIRECTORY", directory)]
        )
        let result = await process.waitForEnd(within: Self.timeout, grace: .seconds(1))
        let text = String(decoding: result.output, as: UTF8.self)
        let lines = text.split(whereSeparator: \.isNewline).map(String.init)
        switch result.termination {
        case .exited(0): return (true, lines)
        case .exited(78): return (false, lines)
        default: return nil
        }
    }
}
