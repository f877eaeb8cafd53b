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
    Memory.returnLarge()
    let loop = try EventLoop()
    let daemon = try Daemon(loop, user: geteuid(), log: log)
    for signal in [SIGTERM, SIGINT] {
        try loop.onSignal(signal) {
            Notify.stopping()
            loop.exit()
        }
    }
    try makeDirectory(configuration.runtimeDirectory)
    let components = try ListenSocket(at: configuration.componentSocketPath, mode: 0o666)
    let control = try ListenSocket(at: configuration.controlSocketPath, mode: 0o600)
    try daemon.open(.components, at: components)
    try daemon.open(.control, at: control)
    try loop.feedWatchdog()
    Notify.ready()
    log.write(.info, "serving components at \(components.path), control at \(control.path)")
    return try loop.run()
}

/// Sockets need a place; one that is there already is as good.
private func makeDirectory(_ path: String) throws(SystemError) {
    guard mkdir(path, 0o755) != 0, errno != EEXIST else { return }
    throw SystemError("make the runtime directory", path: path, errno: errno)
}

private var defaults: Configuration {
    if let given = getenv("RUNTIME_DIRECTORY") {
        return Configuration(runtimeDirectory: String(cString: given))
    }
    guard geteuid() != 0, let own = getenv("XDG_RUNTIME_DIR") else {
        return Configuration(runtimeDirectory: "/run/reprieve")
    }
    return Configuration(runtimeDirectory: String(cString: own) + "/reprieve")
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
