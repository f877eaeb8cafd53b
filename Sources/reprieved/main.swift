// SPDX-License-Identifier: Apache-2.0

import Glibc
import ReprieveBroker
import Systemd

/// The codes of `sysexits.h` that this program ends with.
private enum ExitCode {
    static let usage: Int32 = 64
    static let unavailable: Int32 = 69
}

private func run(_ configuration: Configuration, _ log: Log) throws(SystemError) -> Int32 {
    let loop = try EventLoop()
    try makeDirectory(configuration.runtimeDirectory)
    let components = try ListenSocket(at: configuration.componentSocketPath, mode: 0o666)
    let control = try ListenSocket(at: configuration.controlSocketPath, mode: 0o600)
    let archive = Archive(configuration, log: log)
    let daemon = try Daemon(loop, user: geteuid(), archive: archive, log: log)
    for signal in [SIGTERM, SIGINT] {
        try loop.onSignal(signal) {
            Notify.stopping()
            loop.exit()
        }
    }
    try daemon.open(.components, at: components)
    try daemon.open(.control, at: control)
    try loop.feedWatchdog()
    Notify.ready()
    log.write(.info, "serving components at \(components.path), control at \(control.path)")
    let code = try loop.run()
    daemon.stop()
    return code
}

private var defaults: Configuration {
    Configuration(
        runtimeDirectory: environment("RUNTIME_DIRECTORY")
            ?? ofUser("XDG_RUNTIME_DIR", "/reprieve") ?? "/run/reprieve",
        stateDirectory: environment("STATE_DIRECTORY")
            ?? ofUser("XDG_STATE_HOME", "/reprieve")
            ?? ofUser("HOME", "/.local/state/reprieve") ?? "/var/lib/reprieve"
    )
}

/// Where something of an ordinary user is.
private func ofUser(_ variable: String, _ name: String) -> String? {
    geteuid() == 0 ? nil : environment(variable).map { $0 + name }
}

private func environment(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
}

do throws(UsageError) {
    switch try CommandLineRequest(Array(CommandLine.arguments.dropFirst()), defaults: defaults) {
    case .print(let text): print(text, terminator: "")
    case .run(let configuration):
        let log = Log(level: configuration.logLevel)
        do {
            exit(try run(configuration, log))
        } catch {
            log.write(.error, error.message)
            exit(ExitCode.unavailable)
        }
    }
} catch {
    Log(level: .error).write(.error, error.message)
    exit(ExitCode.usage)
}
