// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveBroker
import Tokens

/// How this daemon runs.
struct Configuration {
    var runtimeDirectory: String
    var stateDirectory: String
    var componentSocket: String?
    var controlSocket: String?
    var controlGroup: UInt32?
    var tokensFile: String
    /// Whether a component is called what its service is called.
    var namesByUnit = true
    var delaysShutdown = true
    var blocksShutdown = false
    var logLevel = LogLevel.info
    /// What a request leaves out.
    var policy = Policy()
    var negotiation = Settings()

    var componentSocketPath: String { componentSocket ?? runtimeDirectory + "/ipc.socket" }
    var controlSocketPath: String { controlSocket ?? runtimeDirectory + "/control.socket" }

    func brokerSettings(user: UInt32, tokens: TokenList) -> BrokerSettings {
        var settings = BrokerSettings(user: user)
        settings.tokens = tokens
        settings.policy = policy
        settings.negotiation = negotiation
        settings.delaysShutdown = delaysShutdown
        settings.blocksShutdown = blocksShutdown
        return settings
    }

    /// What cannot be changed while it runs, and differs in another one.
    func fixedKeys(differingFrom other: Configuration) -> [String] {
        let pairs: [(String, String?, String?)] = [
            ("NameByUnit", "\(namesByUnit)", "\(other.namesByUnit)"),
            ("RuntimeDirectory", runtimeDirectory, other.runtimeDirectory),
            ("StateDirectory", stateDirectory, other.stateDirectory),
            ("ComponentSocket", componentSocketPath, other.componentSocketPath),
            ("ControlSocket", controlSocketPath, other.controlSocketPath),
            (
                "ControlGroup", controlGroup.map { String($0) },
                other.controlGroup.map { String($0) }
            ),
        ]
        return pairs.filter { $0.1 != $0.2 }.map(\.0)
    }

    /// This one with what is fixed taken from the one that runs.
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
