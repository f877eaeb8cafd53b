// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import Permit

func showStatus(_ options: Arguments.Options) {
    let configuration = load(options)
    let id = deviceID(configuration)
    print("Device:  \(id) (\(Machine.name)), group \(configuration.group)")
    do throws(StateFile.Failure) {
        show(try StateFile.byDefault.read())
    } catch {
        fail(ExitStatus.noFile, error.message)
    }
    showHolders(configuration, id)
}

private func show(_ record: Record?) {
    guard let record else { return print("Slot:    unknown, there is no record") }
    print("Slot:    \(record.isClaimed ? "claimed, so it may be held" : "not held")")
    if !record.updates.isEmpty {
        print("For:     \(record.updates.joined(separator: ", "))")
    }
    if let update = record.steadying { print("Until:   the device is steady after \(update)") }
    if let why = record.kept { print("Kept:    \(why); `reprieve-permit release` gives it back") }
    if !record.withoutPermit.isEmpty {
        print("Without: \(record.withoutPermit.joined(separator: ", ")) went ahead without a slot")
    }
}

private func showHolders(_ configuration: PermitConfiguration, _ id: String) {
    let servers = configuration.makeServers(id: id)
    switch servers.holders(over: CurlTransport(configuration)) {
    case nil: print("Server:  FleetLock does not tell who holds slots")
    case .known(let holders, let slots)?:
        let list = holders.isEmpty ? "" : ": " + holders.joined(separator: ", ")
        print("Server:  \(holders.count) of \(slots) slots are held\(list)")
    case .unknown(let reply)?: print("Server:  \(reply.text)")
    }
}

extension Reply {
    var text: String {
        switch self {
        case .done: "done"
        case .full(let text, _): text
        case .absent(let text): "not reached: \(text)"
        case .refused(let text): "refuses: \(text)"
        }
    }
}

func check(_ options: Arguments.Options) {
    let configuration = load(options)
    let id = deviceID(configuration)
    let servers = configuration.makeServers(id: id)
    print("\(options.config): right; this device is \(id) in \(configuration.group)")
    for path in [options.config] + configuration.files where isPrivate(path) {
        print("\(path) cannot be read by the service, which has a user of its own:")
        print("LoadCredential= in reprieve-permit(8) says how to give it a key")
    }
    switch servers.holders(over: CurlTransport(configuration)) {
    case .known(_, let slots)? where slots != configuration.slots:
        print("the group has \(slots) slots, as its semaphore says, not \(configuration.slots)")
    case .known?: print("the server answers")
    case .unknown(let reply)?: fail(ExitStatus.noServer, "the server " + reply.text)
    case nil: checkFleetLock(configuration, id)
    }
}

/// Where root checks, a file may be one that the service's own user cannot read.
private func isPrivate(_ path: String) -> Bool {
    var status = stat()
    return geteuid() == 0 && !path.hasPrefix("/run/credentials/") && stat(path, &status) == 0
        && status.st_mode & S_IROTH == 0
}

/// FleetLock has no question but to give back, which changes nothing for an id that no device has:
/// this one contains spaces. A slot of this device may be claimed at any moment.
private func checkFleetLock(_ configuration: PermitConfiguration, _ id: String) {
    let servers = configuration.makeServers(id: "check by \(id)")
    let reply = servers.giveBack(over: CurlTransport(configuration))
    guard case .done = reply else { fail(ExitStatus.noServer, "the server " + reply.text) }
    print("the server answers")
}
