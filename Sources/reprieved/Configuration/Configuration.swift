// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker
import ReprieveProtocol
import Tokens

/// How the daemon runs.
struct Configuration {
    var runtimeDirectory = DefaultDirectories.runtime
    var stateDirectory = DefaultDirectories.state
    var componentSocket: String?
    var controlSocket: String?
    var controlGroup: UInt32?
    /// The socket of the broker that serves what is not served here; nil where there is none.
    var upstream: String?
    var upstreamFrame = Limits.frameToLite
    var tokensFile: String
    /// Whether components are named after their systemd units.
    var namesByUnit = true
    var delaysShutdown = true
    var blocksShutdown = false
    var logLevel = LogLevel.info
    /// What holds for an update that does not say otherwise.
    var policy = Policy()
    var negotiation = Settings()
    var limits = ConnectionLimits()

    /// The defaults, with the tokens file in this directory.
    init(directory: String) { tokensFile = directory + "/tokens" }

    var componentSocketPath: String { componentSocket ?? runtimeDirectory + "/ipc.socket" }
    var controlSocketPath: String { controlSocket ?? runtimeDirectory + "/control.socket" }

    /// By their keys.
    var socketPaths: [(key: String, path: String)] {
        let own = [("ComponentSocket", componentSocketPath), ("ControlSocket", controlSocketPath)]
        return own + (upstream.map { [("Upstream", $0)] } ?? [])
    }

    func brokerSettings(user: UInt32, tokens: TokenList) -> BrokerSettings {
        var settings = BrokerSettings(user: user)
        settings.tokens = tokens
        settings.policy = policy
        settings.negotiation = negotiation
        settings.limits = limits
        settings.upstream = upstream.map {
            UpstreamSettings(socket: $0, largestFrame: upstreamFrame)
        }
        settings.delaysShutdown = delaysShutdown
        settings.blocksShutdown = blocksShutdown
        return settings
    }
}

// MARK: - What only a restart changes

extension Configuration {
    /// The keys that only a restart changes, and that differ in another configuration.
    func fixedKeys(differingFrom other: Configuration) -> [String] {
        let differences = [
            ("NameByUnit", namesByUnit != other.namesByUnit),
            ("RuntimeDirectory", runtimeDirectory != other.runtimeDirectory),
            ("StateDirectory", stateDirectory != other.stateDirectory),
            ("ComponentSocket", componentSocketPath != other.componentSocketPath),
            ("ControlSocket", controlSocketPath != other.controlSocketPath),
            ("ControlGroup", controlGroup != other.controlGroup),
        ]
        return differences.filter(\.1).map(\.0)
    }

    /// This configuration, with the values of those keys taken from the running one.
    func keepingFixed(of running: Configuration) -> Configuration {
        var configuration = self
        configuration.runtimeDirectory = running.runtimeDirectory
        configuration.stateDirectory = running.stateDirectory
        configuration.componentSocket = running.componentSocket
        configuration.controlSocket = running.controlSocket
        configuration.controlGroup = running.controlGroup
        configuration.namesByUnit = running.namesByUnit
        return configuration
    }
}
