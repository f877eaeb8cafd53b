// SPDX-License-Identifier: Apache-2.0

/// The systemd unit that a nucleus runs in.
struct NucleusUnit {
    /// Empty if it runs in none.
    let name: String

    private static let timeout = Duration.seconds(5)
    private static let consequence = ": a deployment cannot update or restart the nucleus"

    /// Why the nucleus cannot be updated; nil if it runs as a service of the system.
    func warning() async -> String? {
        guard !name.isEmpty else {
            return "the nucleus does not run as a service of the system" + Self.consequence
        }
        guard let state = await state() else { return "systemd does not say whether \(name) runs" }
        guard state != "active" else { return nil }
        return "the unit \(name) of the nucleus is \(state)" + Self.consequence
    }

    /// Such as "active" or "inactive"; nil without systemd.
    private func state() async -> String? {
        // Without systemd, systemctl complains on standard error.
        let script = #"exec systemctl show --property=ActiveState --value -- "$1" 2>/dev/null"#
        do {
            let words = ["sh", "-c", script, "sh", name]
            let executable = try Executable(words, searchPath: Executable.searchPath)
            let process = try await CapturedProcess(executable, environment: [])
            let result = await process.waitForEnd(within: Self.timeout, grace: .seconds(1))
            guard result.termination == .exited(0) else { return nil }
            let text = String(decoding: result.output, as: UTF8.self)
            return text.split(whereSeparator: \.isNewline).first.map(String.init)
        } catch {
            return nil
        }
    }
}
