// SPDX-License-Identifier: Apache-2.0

var helpText: String {
    """
    Usage: reprieved [OPTION]...

    Runs the broker, through which components hold back updates until they are ready.

    \(SettingTable.broker.map(described).joined())
    For updates that do not say otherwise:

    \(SettingTable.policy.map(described).joined())
    For components, by their names:

        --component "PATTERN KEY=VALUE..."
            a rule for all components whose name matches; * stands for any text, ? for one
            character. If several matching rules set a key, the last one counts. May be
            repeated. The keys:
    \(SettingTable.component.map(describedKey).joined())
    The same settings can be made in the configuration file, in its sections [Broker],
    [Policy] and [Component PATTERN], spelt as in LogLevel=. Options count for more.

        --config FILE
            the configuration file; default: reprieved.conf in $CONFIGURATION_DIRECTORY,
            else in /etc/reprieve for root, ~/.config/reprieve for other users.
            FILE.d/*.conf are read after it, in the order of their names. At SIGHUP all
            of them and the tokens are read again.
        --check-config
            only check the configuration and the tokens file
        --version
            print the version and exit
        --help
            print this help and exit

    """
}

private func described(_ setting: Setting<Configuration>) -> String {
    let help = setting.help.split(separator: "\n").joined(separator: "\n        ")
    return "    --\(setting.name) \(setting.value)\n        \(help)\n"
}

private func describedKey<Target>(_ setting: Setting<Target>) -> String {
    "            \(setting.key)=\(setting.value)\n                \(setting.help)\n"
}
