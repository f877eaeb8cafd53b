// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveProtocol

/// The tables of all that can be set, by the sections of the configuration file.
enum SettingTable {
    static let broker: [Setting<Configuration>] = [
        Setting(
            name: "component-socket",
            value: "PATH",
            help: "where components connect; default: ipc.socket in the runtime directory"
        ) { configuration, value in
            configuration.componentSocket = value
        },
        Setting(
            name: "control-socket",
            value: "PATH",
            help: "where coordinators and operators connect; default: control.socket there"
        ) { configuration, value in
            configuration.controlSocket = value
        },
        Setting(
            name: "control-group",
            value: "GROUP",
            help: "who may also open the control socket; default: its owner only"
        ) { configuration, value throws(ValueError) in
            configuration.controlGroup = try group(value)
        },
        Setting(
            name: "runtime-directory",
            value: "DIRECTORY",
            help: "default: $RUNTIME_DIRECTORY, else /run/reprieve for root,\n"
                + "$XDG_RUNTIME_DIR/reprieve for others; made if it is not there"
        ) { configuration, value in
            configuration.runtimeDirectory = value
        },
        Setting(
            name: "state-directory",
            value: "DIRECTORY",
            help: "what outlives a reboot; default: $STATE_DIRECTORY, else /var/lib/reprieve\n"
                + "for root, $XDG_STATE_HOME/reprieve or ~/.local/state/reprieve for others"
        ) { configuration, value in
            configuration.stateDirectory = value
        },
        Setting(
            name: "tokens-file",
            value: "PATH",
            help: "the tokens that `reprieve token` issued; default: tokens in the directory\n"
                + "of the configuration file"
        ) { configuration, value in
            configuration.tokensFile = value
        },
        Setting(
            name: "name-by-unit",
            value: "yes|no",
            help: "whether a component is called what its systemd service is called;\n"
                + "default: yes"
        ) { configuration, value throws(ValueError) in
            configuration.namesByUnit = try yesOrNo(value)
        },
        Setting(
            name: "allow-unknown",
            value: "yes|no",
            help: "whether components may subscribe that no rule and no token names;\n"
                + "default: yes"
        ) { configuration, value throws(ValueError) in
            configuration.negotiation.allowsUnknown = try yesOrNo(value)
        },
        Setting(
            name: "reconnect-grace",
            value: "DURATION",
            help: "how long who hung up may take to return; default: 5s"
        ) { configuration, value throws(ValueError) in
            configuration.negotiation.reconnectGrace = try duration(value)
        },
        Setting(
            name: "completion-limit",
            value: "DURATION",
            help: "how long a released update waits for its completion; default: 24h"
        ) { configuration, value throws(ValueError) in
            configuration.negotiation.completionLimit = try duration(value)
        },
        Setting(
            name: "delay-shutdown",
            value: "yes|no",
            help: "whether a shutdown of the machine waits until components are ready, for no\n"
                + "longer than logind's InhibitDelayMaxSec=; default: yes"
        ) { configuration, value throws(ValueError) in
            configuration.delaysShutdown = try yesOrNo(value)
        },
        Setting(
            name: "block-shutdown",
            value: "yes|no",
            help: "whether logind refuses a shutdown while a deferral stands; default: no"
        ) { configuration, value throws(ValueError) in
            configuration.blocksShutdown = try yesOrNo(value)
        },
        Setting(
            name: "log-level",
            value: "LEVEL",
            help: "the least that is logged: debug, info or warning; default: info"
        ) { configuration, value throws(ValueError) in
            guard let level = LogLevel(rawValue: value) else {
                throw ValueError("\(quoted(value)) is not debug, info or warning")
            }
            configuration.logLevel = level
        },
    ]

    /// What holds for an update that does not say otherwise.
    static let policy: [Setting<Configuration>] = [
        Setting(
            name: "response-timeout",
            value: "DURATION",
            help: "how long a component's answer is waited for; default: \(Defaults.responseTimeoutText)"
        ) { configuration, value throws(ValueError) in
            configuration.policy.responseTimeout = try duration(value)
        },
        Setting(
            name: "deadline",
            value: "DURATION",
            help: "when an update goes ahead regardless; default: \(Defaults.deadlineText)"
        ) { configuration, value throws(ValueError) in
            configuration.policy.deadline = try duration(value)
        },
        Setting(
            name: "max-defer",
            value: "DURATION",
            help: "the most that one answer is granted; default: \(Defaults.maxDeferText)"
        ) { configuration, value throws(ValueError) in
            configuration.policy.maxDefer = try duration(value)
        },
        Setting(
            name: "max-total-defer",
            value: "DURATION",
            help: "the most that a component blocks one update; default: \(Defaults.maxTotalDeferText)"
        ) { configuration, value throws(ValueError) in
            configuration.policy.maxTotalDefer = try duration(value)
        },
        Setting(
            name: "on-silence",
            value: "proceed|refuse",
            help: "what no answer means for the update; default: proceed"
        ) { configuration, value throws(ValueError) in
            switch value {
            case "proceed": configuration.policy.onSilence = .proceed
            case "refuse": configuration.policy.onSilence = .refuse
            default: throw ValueError("\(quoted(value)) is neither proceed nor refuse")
            }
        },
    ]

    /// The keys of a section `[Component PATTERN]`.
    static let component: [Setting<ComponentRule>] = [
        Setting(name: "subscribe", value: "yes|no", help: "whether it may hold updates back") {
            rule,
            value throws(ValueError) in
            rule.maySubscribe = try yesOrNo(value)
        },
        Setting(
            name: "max-defer",
            value: "DURATION",
            help: "the most that one answer is granted, if less than the update grants"
        ) { rule, value throws(ValueError) in
            rule.maxDefer = try duration(value)
        },
        Setting(
            name: "max-total-defer",
            value: "DURATION",
            help: "the most that it blocks one update, if less than the update allows"
        ) { rule, value throws(ValueError) in
            rule.maxTotalDefer = try duration(value)
        },
        Setting(
            name: "required",
            value: "yes|no",
            help: "whether updates that concern it wait for it to be there"
        ) { rule, value throws(ValueError) in
            rule.isRequired = try yesOrNo(value)
            guard rule.isRequired == true, rule.isPattern else { return }
            throw ValueError("only a component's whole name can be required, not a pattern")
        },
    ]
}
