// SPDX-License-Identifier: Apache-2.0

import Glibc
import Systemd

/// What the daemon goes by, read again at each SIGHUP. What is not good as a whole is not taken.
final class Reloading {
    private let invocation: Invocation
    private let log: Log
    private let daemon: Daemon
    private var running: Loaded

    init(_ invocation: Invocation, _ loaded: Loaded, _ daemon: Daemon, _ log: Log) {
        self.invocation = invocation
        self.running = loaded
        self.daemon = daemon
        self.log = log
    }

    func reload() {
        Notify.reloading()
        defer { Notify.reloaded() }
        var loaded = Loaded(invocation)
        guard loaded.complaints.isEmpty else {
            for complaint in loaded.complaints { log.write(.error, complaint) }
            return log.write(.error, "everything stays as it was")
        }
        let fixed = loaded.configuration.fixedKeys(differingFrom: running.configuration)
        if !fixed.isEmpty {
            let keys = fixed.joined(separator: ", ")
            log.write(.warning, "only a restart changes \(keys)")
        }
        loaded.configuration = loaded.configuration.keepingFixed(of: running.configuration)
        running = loaded
        log.level = loaded.configuration.logLevel
        daemon.adopt(loaded.settings)
        log.write(.info, "reloaded: " + loaded.summary)
    }
}

extension Loaded {
    init(_ invocation: Invocation) {
        let directory = configurationDirectory
        self.init(invocation, defaults: .defaults(directory: directory), directory: directory)
    }
}
