// SPDX-License-Identifier: Apache-2.0

import Systemd

/// Reads the configuration again at each SIGHUP. A configuration with any mistake is not used.
final class ConfigurationReloader {
    private let invocation: Invocation
    private let log: Log
    private let daemon: Daemon
    private var running: Configuration

    init(_ invocation: Invocation, _ running: Configuration, _ daemon: Daemon, _ log: Log) {
        self.invocation = invocation
        self.running = running
        self.daemon = daemon
        self.log = log
    }

    func reload() {
        Notify.reloading()
        defer { Notify.reloaded() }
        var loaded = LoadedConfiguration(invocation)
        guard loaded.complaints.isEmpty else {
            for complaint in loaded.complaints { log.write(.error, complaint) }
            return log.write(.error, "the configuration is not reloaded; nothing has changed")
        }
        let fixed = loaded.configuration.fixedKeys(differingFrom: running)
        if !fixed.isEmpty {
            let keys = fixed.joined(separator: ", ")
            log.write(.warning, "a change of \(keys) takes effect at the next restart only")
        }
        loaded.configuration = loaded.configuration.keepingFixed(of: running)
        running = loaded.configuration
        log.level = running.logLevel
        daemon.adopt(loaded.settings)
        log.write(.info, "reloaded the configuration: " + loaded.summary)
    }
}
