// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveBroker
import Systemd

/// The codes of `sysexits.h` that this program exits with.
private enum ExitCode {
    static let usage: Int32 = 64
    static let unavailable: Int32 = 69
    static let inputOutput: Int32 = 74
    static let configuration: Int32 = 78
}

private func run(_ invocation: Invocation) -> Int32 {
    let loaded = LoadedConfiguration(invocation)
    let log = Log(level: loaded.configuration.logLevel)
    guard loaded.complaints.isEmpty else {
        for complaint in loaded.complaints { log.write(.error, complaint) }
        return ExitCode.configuration
    }
    do {
        return try serve(invocation, loaded, log)
    } catch {
        log.write(.error, error.message)
        return ExitCode.unavailable
    }
}

private func serve(
    _ invocation: Invocation,
    _ loaded: LoadedConfiguration,
    _ log: Log
) throws(SystemError) -> Int32 {
    let configuration = loaded.configuration
    Memory.returnLarge()
    DescriptorLimit.raise()
    let loop = try EventLoop()
    let lookup = PeerLookup(usesUnits: configuration.namesByUnit)
    // The directories come first: nothing is changed if another process works in them.
    let store = try FileStore(configuration, log: log)
    let inherited = try InheritedDescriptor.takeAll()
    let connections = ConnectionStore(inherited, log)
    let sockets = try Sockets(configuration, ConnectionStore.others(among: inherited), log)
    let daemon = try Daemon(
        loop,
        lookup,
        settings: loaded.settings,
        store: store,
        connections: connections,
        log: log
    )
    let reloader = try ConfigurationReloader(invocation, loaded, daemon, loop, log)
    for signal in [SIGTERM, SIGINT] {
        try loop.onSignal(signal) {
            Notify.stopping()
            loop.exit()
        }
    }
    // The loop must not own what owns the loop: at the end the sockets are removed.
    try loop.onSignal(SIGHUP) { [unowned reloader] in reloader.reload() }
    for socket in sockets.components { try daemon.open(.components, at: socket) }
    for socket in sockets.control { try daemon.open(.control, at: socket) }
    try loop.feedWatchdog()
    log.write(.info, sockets.summary)
    log.write(.info, loaded.summary)
    for notice in loaded.notices { log.write(.warning, notice) }
    notifyReady(log)
    if !lookup.hasUnits, configuration.namesByUnit {
        log.write(.info, "systemd is not running: components are not named after their units")
    }
    defer { withExtendedLifetime(reloader) {} }
    let code = try loop.run()
    daemon.stop()
    return code
}

private func notifyReady(_ log: Log) {
    do {
        if try Notify.ready() { return }
        let consequence = "no service manager is notified, and none keeps connections"
        log.write(.info, "NOTIFY_SOCKET is not set: " + consequence)
    } catch {
        log.write(.warning, error.message)
    }
}

/// Prints what is wrong with the configuration, or what was read and what holds by it.
private func check(_ invocation: Invocation) -> Int32 {
    let loaded = LoadedConfiguration(invocation)
    for complaint in loaded.complaints { Log(level: .error).write(.error, complaint) }
    guard loaded.complaints.isEmpty else { return ExitCode.configuration }
    for notice in loaded.notices { Log(level: .warning).write(.warning, notice) }
    return printed("the configuration is good: \(loaded.summary)\n\n\(loaded.policyText)")
}

private func printed(_ text: String) -> Int32 {
    do {
        try ResultOutput(STDOUT_FILENO).write(Array(text.utf8))
        return 0
    } catch {
        Log(level: .error).write(.error, error.message)
        return ExitCode.inputOutput
    }
}

do throws(UsageError) {
    switch try CommandLineRequest(Arguments.rest) {
    case .print(let text): exit(printed(text))
    case .run(let invocation): exit(run(invocation))
    case .check(let invocation): exit(check(invocation))
    }
} catch {
    Log(level: .error).write(.error, error.message)
    exit(ExitCode.usage)
}
