// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@Suite("The lists of mutations") struct MutationTests {
    @Test(
        arguments: [
            ("Tests/mutations.txt", "Sources/Negotiation/"),
            ("Tests/mutations-broker.txt", "Sources/ReprieveBroker/"),
        ]
    )
    func `name only what stands once in its file`(list: String, folder: String) {
        let files = Set(repositoryFiles(in: String(folder.dropLast())))
        let lines = TidyTests.text(of: list).split(separator: "\n").filter { !$0.hasPrefix("#") }
        #expect(lines.count > 20)
        for line in lines {
            let fields = fields(of: String(line))
            let path = folder + fields[0]
            guard fields.count == 4, files.contains(path) else {
                Issue.record("\(list): no such file, or not four fields: \(line)")
                continue
            }
            let count = TidyTests.text(of: path).ranges(of: fields[1]).count
            #expect(count == 1, "\(list): \(line)")
        }
    }

    /// As `Tests/mutate.py` reads a line: `\|` is no separator, `\n` ends a line.
    private func fields(of line: String) -> [String] {
        line.replacing("\\|", with: "\0").split(separator: "|", omittingEmptySubsequences: false)
            .map { String($0).replacing("\0", with: "|").replacing("\\n", with: "\n") }
    }
}
