// SPDX-License-Identifier: Apache-2.0

/// One screen. `--example-config` and the manual pages explain each setting.
var helpText: String {
    """
    Example:
      reprieved --config reprieved.conf --log-level debug

    Runs the broker, at which components hold back updates until they are ready.

      --config FILE      the configuration; FILE.d/*.conf are read after it;
                         default: reprieved.conf in $CONFIGURATION_DIRECTORY, or
                         /etc/reprieve for root, $XDG_CONFIG_HOME/reprieve or
                         ~/.config/reprieve for others
      --check-config     check it, and say which policy holds, and where it is set
      --example-config   print an example, which explains each of the settings
      --component RULE   such as "com.example.* MaxDefer=10m"; repeatable
      --version, --help

    Settings, each with a value; --log-level is LogLevel= in the file:
    \(settings)

    """
}

private var settings: String {
    let names = (SettingTable.broker + SettingTable.policy).map { "--" + $0.name }
    return wrapped(names.joined(separator: " "), to: 78).map { "  " + $0 }.joined(separator: "\n")
}
