// SPDX-License-Identifier: Apache-2.0

import Systemd
import Tokens

/// Reads the configuration again at each SIGHUP, and the tokens whenever their file changes. A
/// configuration or a tokens file with any mistake is not used.
final class ConfigurationReloader {
    private let invocation: Invocation
    private let log: Log
    private let daemon: Daemon
    private let tokensWatch: TokensWatch
    private var running: LoadedConfiguration

    init(
        _ invocation: Invocation,
        _ running: LoadedConfiguration,
        _ daemon: Daemon,
        _ loop: EventLoop,
        _ log: Log
    ) throws(SystemError) {
        self.invocation = invocation
        self.running = running
        self.daemon = daemon
        self.log = log
        tokensWatch = try TokensWatch(loop, log)
        tokensWatch.onTokens { [unowned self] in adopt($0) }
        tokensWatch.watch(running.configuration.tokensFile)
    }

    func reload() {
        Notify.reloading()
        defer { Notify.reloaded() }
        var loaded = LoadedConfiguration(invocation)
        guard loaded.complaints.isEmpty else {
            for complaint in loaded.complaints { log.write(.error, complaint) }
            return log.write(.error, "the configuration is not reloaded; nothing has changed")
        }
        let fixed = loaded.configuration.fixedKeys(differingFrom: running.configuration)
        if !fixed.isEmpty {
            let keys = fixed.joined(separator: ", ")
            log.write(.warning, "a change of \(keys) takes effect at the next restart only")
        }
        loaded.configuration = loaded.configuration.keepingFixed(of: running.configuration)
        running = loaded
        log.level = running.configuration.logLevel
        for notice in running.notices { log.write(.warning, notice) }
        daemon.adopt(loaded.settings)
        tokensWatch.watch(running.configuration.tokensFile)
        log.write(.info, "reloaded the configuration: " + loaded.summary)
    }

    private func adopt(_ file: TokensFile) {
        guard file.tokens != running.tokens else { return }
        running.tokens = file.tokens
        daemon.adopt(running.settings)
        let number = count(file.tokens.entries.count, "token")
        log.write(.info, "read \(running.configuration.tokensFile) again: \(number)")
    }
}
