// SPDX-License-Identifier: Apache-2.0

var helpText: String {
    """
    Usage: reprieved [OPTION]...

    Lets components hold an update back, and opens its gate when all are ready.

    \(SettingTable.broker.map(described).joined())
    For updates that do not say otherwise:

    \(SettingTable.policy.map(described).joined())
    For components, by their names:

        --component "PATTERN KEY=VALUE..."
            a rule for all names that match; * stands for any text. Of several rules that
            match, the last one that says something counts. May be repeated. The keys:
    \(SettingTable.component.map(describedKey).joined())
    All of these are also keys of the configuration file, spelt as in LogLevel=, in its
    sections [Broker], [Policy] and [Component PATTERN]. Options count for more.

        --config FILE
            default: reprieved.conf in $CONFIGURATION_DIRECTORY, else in /etc/reprieve for
            root, ~/.config/reprieve for others. FILE.d/*.conf are read after it, in the
            order of their names. SIGHUP has all of it and the tokens read again.
        --check-config
            only say whether the configuration and the tokens file are good
        --version
            print the version and exit
        --help
            print this and exit

    """
}

private func described(_ setting: Setting<Configuration>) -> String {
    let help = setting.help.split(separator: "\n").joined(separator: "\n        ")
    return "    --\(setting.name) \(setting.value)\n        \(help)\n"
}

private func describedKey<Target>(_ setting: Setting<Target>) -> String {
    "            \(setting.key)=\(setting.value)\n                \(setting.help)\n"
}
