// SPDX-License-Identifier: Apache-2.0

internal import Dispatch
internal import Glibc
internal import Permit
internal import Reprieve

/// Ends the program with a message.
func fail(_ code: Int32, _ text: String) -> Never {
    Log.write("<3>reprieve-permit: \(text)")
    exit(code)
}

func load(_ options: Arguments.Options) -> PermitConfiguration {
    let configuration = PermitConfiguration(text(of: options.config), path: options.config)
    let unreadable = configuration.files.filter { access($0, R_OK) != 0 }
    let complaints = configuration.complaints + unreadable.map { "\($0) cannot be read" }
    guard complaints.isEmpty else {
        fail(ExitStatus.configuration, complaints.joined(separator: "\n"))
    }
    return configuration
}

private func text(of path: String) -> [UInt8] {
    let longest = 64 * 1_024
    var bytes = [UInt8](repeating: 0, count: longest + 1)
    guard let file = fopen(path, "re") else {
        fail(ExitStatus.configuration, "\(path): \(String(cString: strerror(errno)))")
    }
    defer { fclose(file) }
    let count = fread(&bytes, 1, bytes.count, file)
    guard ferror(file) == 0 else {
        fail(ExitStatus.configuration, "\(path): \(String(cString: strerror(errno)))")
    }
    guard count <= longest else {
        fail(ExitStatus.configuration, "\(path): the file is longer than 64 KiB")
    }
    return Array(bytes.prefix(count))
}

func deviceID(_ configuration: PermitConfiguration) -> String {
    guard let id = configuration.id ?? Machine.id else {
        fail(ExitStatus.configuration, "this machine has no id (/etc/machine-id): set Id=")
    }
    return id
}

private func orFail<Result>(_ body: () throws(StateFile.Failure) -> Result) -> Result {
    do throws(StateFile.Failure) {
        return try body()
    } catch {
        fail(ExitStatus.noFile, error.message)
    }
}

func run(_ options: Arguments.Options) async {
    let configuration = load(options)
    let file = StateFile.byDefault
    // `release` sends it to the service that holds the lock.
    let signals = SignalPipe(SIGUSR1)
    if let holder = orFail({ () throws(StateFile.Failure) in try file.lock(asService: true) }) {
        fail(ExitStatus.runsAlready, "process \(holder.process) runs already")
    }
    let record = orFail { () throws(StateFile.Failure) in try file.read() }
    let id = deviceID(configuration)
    let service = PermitService(configuration, id: id, record: record, in: file)
    let updates = Updates(
        component: configuration.component,
        socket: configuration.socket,
        logger: Log.logger
    )
    let releasing = DispatchSource.makeReadSource(fileDescriptor: signals.reader)
    releasing.setEventHandler {
        signals.drain()
        Task { await service.handle(.released) }
    }
    releasing.resume()
    Log.write(.notice, "\(Machine.name) is \(id) in the group \(configuration.group)")
    Log.tellReady()
    try? await service.run(updates)
}

func printID(_ options: Arguments.Options) {
    print(deviceID(load(options)), Machine.name)
}

func release(_ options: Arguments.Options) {
    let configuration = load(options)
    // Of this device's own slot the running service has to know.
    if let id = options.id, id != configuration.id ?? Machine.id {
        return giveBack(id, configuration)
    }
    let file = StateFile.byDefault
    if let holder = orFail({ () throws(StateFile.Failure) in try file.lock(asService: false) }) {
        return leaveRelease(to: holder)
    }
    giveBack(deviceID(configuration), configuration)
    orFail { () throws(StateFile.Failure) in
        var record = Record(boot: Boot.id)
        record.withoutPermit = try file.read()?.withoutPermit ?? []
        try file.write(record)
    }
}

private func leaveRelease(to holder: StateFile.LockHolder) {
    guard holder.isService else {
        fail(ExitStatus.runsAlready, "another release runs: process \(holder.process)")
    }
    // 0 would be this process's group.
    guard holder.process > 0 else {
        fail(ExitStatus.runsAlready, "the service runs in another container, and cannot be told")
    }
    guard kill(holder.process, SIGUSR1) == 0 else {
        fail(ExitStatus.noFile, "process \(holder.process): \(String(cString: strerror(errno)))")
    }
    print("the running service, process \(holder.process), gives the slot back")
}

private func giveBack(_ id: String, _ configuration: PermitConfiguration) {
    let servers = configuration.makeServers(id: id)
    switch servers.giveBack(over: CurlTransport(configuration)) {
    case .done: print("\(id) holds no slot of \(configuration.group)")
    case .full(let reason, _), .absent(let reason), .refused(let reason):
        fail(ExitStatus.noServer, reason)
    }
}
