// SPDX-License-Identifier: Apache-2.0

/// A configuration file in which every key is explained, and commented out with its default.
var exampleConfiguration: String {
    """
    # The configuration of reprieved(8); see reprieved.conf(5).
    # Every key is commented out, with its default. An empty value stands for the default, too.
    # Durations are written as \(durationsText).

    [Broker]

    \(SettingTable.broker.map(commented).joined(separator: "\n"))
    # What holds for updates that do not say otherwise.
    [Policy]

    \(SettingTable.policy.map(commented).joined(separator: "\n"))
    # Rules for all components whose names match; * stands for any text, ? for one character. If
    # several matching rules set a key, the last one counts. There may be many such sections.
    #[Component com.example.Camera]

    \(SettingTable.component.map(commented).joined(separator: "\n"))
    """
}

private func commented<Target>(_ setting: Setting<Target>) -> String {
    let lines = wrapped("\(setting.value): \(setting.help)", to: 98)
    return lines.map { "# \($0)\n" }.joined() + "#\(setting.key)=\(setting.initial)\n"
}

/// Lines of so many characters, broken between words.
func wrapped(_ text: String, to length: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ") {
        let line = lines[lines.count - 1]
        if line.isEmpty || line.count + 1 + word.count <= length {
            lines[lines.count - 1] = line.isEmpty ? String(word) : line + " " + word
        } else {
            lines.append(String(word))
        }
    }
    return lines
}
