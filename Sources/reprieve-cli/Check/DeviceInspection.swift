// SPDX-License-Identifier: Apache-2.0

internal import Glibc
internal import ReprieveCoordinator
internal import ReprieveProtocol
internal import ReprieveTransport
internal import ReprieveTypes
internal import Systemd
internal import Tokens

/// Looks at this device, and hands what is there to those who judge it.
struct DeviceInspection: Sendable {
    let control: ControlClient
    let componentSocket: String
    let claim: String?
    let stateDirectory: String
    let configurationDirectory: String
    let root: String

    func findings() async -> [Finding] {
        let (identity, componentFailure) = await identity()
        let (status, controlFailure) = await attempt { try await control.status() }
        let sockets = [
            FoundSocket(.component, at: componentSocket, failure: componentFailure),
            FoundSocket(.control, at: control.path, failure: controlFailure),
        ]
        var all = sockets.flatMap(reprieve_cli.findings(about:))
        if let identity { all += reprieve_cli.findings(about: identity) }
        all += reprieve_cli.findings(about: await shutdownLimit(status))
        if let status { all += reprieve_cli.findings(about: await names(status)) }
        all += reprieve_cli.findings(about: await configuration(sockets))
        return all + reprieve_cli.findings(about: await system())
    }

    private func attempt<Value>(
        _ body: () async throws -> Value
    ) async -> (value: Value?, failure: String?) {
        do { return (try await body(), nil) } catch {
            return (nil, Failure(error)?.message ?? "the broker does not answer")
        }
    }

    // MARK: - Who this process is

    /// Connects as a component would, and looks for itself in the status.
    private func identity() async -> (FoundIdentity?, failure: String?) {
        let token = environment("SVCUID")
        var found = FoundIdentity(sentToken: token.flatMap(Token.init) != nil, claim: claim)
        let request = ConnectRequest(authToken: token ?? claim, componentName: claim)
        do {
            let status = try await withConnection(to: componentSocket, as: request) { _ in
                try await control.status()
            }
            let own = status.components.first { $0.pids.contains(Int64(getpid())) }
            guard let own else { return (nil, nil) }
            (found.name, found.unit) = (own.component, own.unit)
            return (found, nil)
        } catch let error as ConnectionError where error.path != componentSocket {
            return (nil, nil)
        } catch let error as ConnectionError where error.code == .denied {
            found.denial = error.message
            return (found, nil)
        } catch let error as ConnectionError {
            return (nil, Failure(error, option: "--component-socket").message)
        } catch {
            return (nil, Failure(error)?.message)
        }
    }

    // MARK: - Shutdowns

    private func shutdownLimit(_ status: StatusShape?) async -> FoundShutdownLimit {
        let limit = await result(of: { try? ShutdownLimit.current() }) ?? nil
        let configured = status?.policy?.responseTimeoutMs
        var found = FoundShutdownLimit(
            limitMs: limit.map { $0 / .milliseconds(1) }.map { Int64($0) },
            responseTimeoutMs: configured ?? Int64(Defaults.responseTimeout / .milliseconds(1))
        )
        let directories = ["/etc", "/run", "/usr/local/lib", "/usr/lib"].map { directory in
            limitFiles(in: directory + "/systemd/logind.conf.d")
        }
        let main = limitFile("/etc/systemd/logind.conf")
        found.files = [LimitFile](mainFile: main, directories: directories)
        return found
    }

    private func limitFiles(in directory: String) -> [LimitFile] {
        names(in: directory).filter { $0.hasSuffix(".conf") }.compactMap {
            limitFile(directory + "/" + $0)
        }
    }

    private func limitFile(_ path: String) -> LimitFile? {
        text(of: path).flatMap { value(of: "InhibitDelayMaxSec", in: $0) }
            .map { LimitFile(path: path, value: $0) }
    }

    // MARK: - Names

    private func names(_ status: StatusShape) async -> FoundNames {
        var found = FoundNames()
        found.connected = Set(status.components.map(\.component))
        let history = await attempt { try await control.history(HistoryRequest()) }.value
        for decision in history?.decisions ?? [] {
            let asked = decision.participants.filter { $0.rounds > 0 }
            found.known.formUnion(asked.map(\.component))
        }
        for place in unitFiles + configurationFiles {
            let names = reprieve_cli.names(mentionedIn: text(of: place) ?? "")
            found.mentions += names.map { FoundNames.Mention(name: $0, place: place) }
        }
        guard let file = status.tokensFile else { return found }
        let tokens = await attempt { try TokenFile(path: root + file.path).read() }
        found.tokensFailure = tokens.failure
        guard let list = tokens.value else { return found }
        found.isTokensFileRead = list.digest.hexadecimal == file.digest
        found.tokens = list.entries.map { entry in
            FoundNames.Mention(name: entry.component, place: entry.digits)
        }
        return found
    }

    private var configurationFiles: [String] {
        let file = configurationDirectory + "/reprieved.conf"
        return [file] + names(in: file + ".d").map { file + ".d/" + $0 }
    }

    /// Units of the operator's and of packages, with their drop-ins.
    private var unitFiles: [String] {
        ["/etc/systemd/system", "/usr/lib/systemd/system"].flatMap { directory in
            names(in: directory).flatMap { name in
                let path = directory + "/" + name
                return name.hasSuffix(".service.d")
                    ? names(in: path).map { path + "/" + $0 } : [path]
            }
        }.filter { $0.hasSuffix(".service") || $0.hasSuffix(".conf") }
    }

    // MARK: - Configuration, files and clock

    private func configuration(_ sockets: [FoundSocket]) async -> FoundConfiguration {
        var found = await ConfigurationCheck(directory: root + configurationDirectory).found()
        let owner = sockets.first { $0.role == .control }?.owner
        found.isBrokersUser = owner == nil || owner == geteuid()
        return found
    }

    private func system() async -> FoundSystem {
        var found = FoundSystem(stateDirectory: stateDirectory)
        let metrics = await attempt { try await control.metrics() }.value
        found.writeFailures = metrics?.files.reduce(0) { $0 + $1.failures } ?? 0
        let fileSystem = FileSystem(of: root + stateDirectory)
        found.isThere = fileSystem != nil
        found.isReadOnly = fileSystem?.isReadOnly ?? false
        found.isInMemory = fileSystem?.isInMemory ?? false
        found.freeBytes = fileSystem?.freeBytes ?? 0
        found.year = Int(localTime(wallClockNow()).prefix(4)) ?? 0
        found.isSynchronized = WallClock.isSynchronized
        return found
    }

    private func names(in directory: String) -> [String] {
        (try? File.names(in: root + directory)) ?? []
    }

    private func text(of path: String) -> String? {
        let bytes = (try? File.read(root + path, atMost: 1_024 * 1_024)) ?? nil
        return bytes.map { String(decoding: $0, as: UTF8.self) }
    }
}
