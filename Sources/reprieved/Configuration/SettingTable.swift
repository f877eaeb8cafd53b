// SPDX-License-Identifier: Apache-2.0

import Negotiation
import ReprieveProtocol

/// The tables of all settings, by the sections of the configuration file.
enum SettingTable {
    /// The keys of the section `[Broker]`.
    static let broker = general + limits

    private static let general: [Setting<Configuration>] = [
        Setting(
            "component-socket",
            "PATH",
            "where components connect; default: ipc.socket in the runtime directory"
        ) { $0.componentSocket = $1 },
        Setting(
            "control-socket",
            "PATH",
            "where coordinators and operators connect; default: control.socket in the runtime "
                + "directory"
        ) { $0.controlSocket = $1 },
        Setting(
            "control-group",
            "GROUP",
            "the group whose members may open the control socket, too; default: none"
        ) { configuration, text throws(ValueError) in
            configuration.controlGroup = try parsedGroup(text)
        },
        Setting(
            "upstream",
            "PATH",
            "the socket of the Greengrass nucleus, which serves components that connect with "
                + "its token whatever is not served here; default: none"
        ) { $0.upstream = $1 },
        .bytes(
            "upstream-frame",
            "the longest frame that the nucleus takes; Greengrass Lite takes 10012 bytes, the "
                + "nucleus in Java more; one that it sends may have 65536 bytes, or as many",
            default: "10012",
            in: Limits.frameToLite...1_048_576
        ) { $0.upstreamFrame = $1 },
        Setting(
            "runtime-directory",
            "DIRECTORY",
            "where the sockets and the waiting updates are kept; created if it does not "
                + "exist; default: $RUNTIME_DIRECTORY, else /run/reprieve for root, "
                + "$XDG_RUNTIME_DIR/reprieve for other users"
        ) { $0.runtimeDirectory = $1 },
        Setting(
            "state-directory",
            "DIRECTORY",
            "where the history and released updates are kept, also after a reboot; default: "
                + "$STATE_DIRECTORY, else /var/lib/reprieve for root, $XDG_STATE_HOME/reprieve or "
                + "~/.local/state/reprieve for other users"
        ) { $0.stateDirectory = $1 },
        Setting(
            "tokens-file",
            "PATH",
            "the tokens that `reprieve token` issued; default: tokens in the directory of the "
                + "configuration file"
        ) { $0.tokensFile = $1 },
        .flag(
            "name-by-unit",
            "whether components are named after their systemd units",
            default: "yes"
        ) { $0.namesByUnit = $1 },
        .flag(
            "allow-unknown",
            "whether components may subscribe that no section [Component] and no token names",
            default: "yes"
        ) { $0.negotiation.allowsUnknown = $1 },
        .duration(
            "reconnect-grace",
            "how long a disconnected component or coordinator may take to reconnect",
            default: "5s"
        ) { $0.negotiation.reconnectGrace = $1 },
        .duration(
            "completion-limit",
            "how long a released update may take to be completed; then its outcome is unknown",
            default: "24h"
        ) { $0.negotiation.completionLimit = $1 },
        .flag(
            "delay-shutdown",
            "whether a shutdown of the machine waits until components are ready, for no "
                + "longer than logind's InhibitDelayMaxSec=",
            default: "yes"
        ) { $0.delaysShutdown = $1 },
        .flag(
            "block-shutdown",
            "whether logind refuses a shutdown while a component defers an update, or an "
                + "update is under way that does not take the machine down",
            default: "no"
        ) { $0.blocksShutdown = $1 },
        Setting(
            "log-level",
            "LEVEL",
            "the least severe messages that are logged: debug, info or warning",
            default: "info"
        ) { configuration, text throws(ValueError) in
            guard let level = LogLevel(rawValue: text) else {
                throw ValueError("\(quoted(text)) is not debug, info or warning")
            }
            configuration.logLevel = level
        },
    ]
}

extension SettingTable {
    /// The keys of the section `[Policy]`: what holds for an update that does not say otherwise.
    static let policy: [Setting<Configuration>] = [
        .duration(
            "response-timeout",
            "how long a component may take to answer",
            default: Defaults.responseTimeoutText
        ) { $0.policy.responseTimeout = $1 },
        .duration(
            "deadline",
            "when an update stops waiting: it goes ahead, or is refused",
            default: Defaults.deadlineText
        ) { $0.policy.deadline = $1 },
        .duration(
            "max-defer",
            "the longest deferral that one answer is granted",
            default: Defaults.maxDeferText
        ) { $0.policy.maxDefer = $1 },
        .duration(
            "max-total-defer",
            "how long one component may hold back an update",
            default: Defaults.maxTotalDeferText
        ) { $0.policy.maxTotalDefer = $1 },
        .refusal(
            "on-silence",
            "what an update does if a component does not answer",
            default: "proceed"
        ) { $0.policy.onSilence = $1 ? .refuse : .proceed },
        .refusal(
            "on-absence",
            "what an update does if a required component is not connected in time",
            default: "refuse"
        ) { $0.policy.onAbsence = $1 ? .refuse : .proceed },
        .refusal(
            "on-deadline",
            "what an update does at its deadline if a component still blocks it",
            default: "proceed"
        ) { $0.policy.onDeadline = $1 ? .refuse : .proceed },
    ]

    /// The keys of a section `[Component PATTERN]`.
    static let component: [Setting<ComponentRule>] = [
        .flag("subscribe", "whether it may hold back updates", default: "yes") {
            $0.maySubscribe = $1
        },
        .duration(
            "max-defer",
            "the longest deferral that one answer is granted, if the update allows more"
        ) { $0.maxDefer = $1 },
        .duration(
            "max-total-defer",
            "how long it may hold back an update, if the update allows more"
        ) { $0.maxTotalDefer = $1 },
        .flag(
            "required",
            "whether updates that concern it wait until it is subscribed",
            default: "no"
        ) {
            rule,
            isRequired throws(ValueError) in
            rule.isRequired = isRequired
            guard isRequired, rule.isPattern else { return }
            throw ValueError("a pattern cannot be required, only the whole name of a component")
        },
        .flag(
            "veto",
            "whether no update that concerns it goes ahead without its yes",
            default: "no"
        ) {
            rule,
            isVeto throws(ValueError) in
            rule.isVeto = isVeto
            guard isVeto, rule.isPattern else { return }
            throw ValueError("a pattern cannot be a veto, only the whole name of a component")
        },
    ]
}
