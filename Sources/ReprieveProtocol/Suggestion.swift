// SPDX-License-Identifier: Apache-2.0

/// The word that was probably meant: the only one that begins like that, or the closest one; nil if
/// none is close.
package func closest(to word: String, among words: [String]) -> String? {
    let begun = words.filter { $0.hasPrefix(word) }
    if word.count > 2, begun.count == 1 { return begun[0] }
    let limit = max(1, word.count / 3)
    let rated = words.map { (word: $0, distance: editDistance(word, $0)) }
    return rated.filter { $0.distance <= limit }.min { $0.distance < $1.distance }?.word
}

/// "; did you mean WORD?", or nothing.
package func suggestion(for word: String, among words: [String]) -> String {
    // A long word is no mistyped one, and comparing it takes long.
    guard word.utf8.count <= 64, let found = closest(to: word, among: words) else { return "" }
    return "; did you mean \(found)?"
}

/// How many characters are added, removed, replaced, or exchanged with the next one.
private func editDistance(_ one: String, _ other: String) -> Int {
    let (one, other) = (Array(one.lowercased()), Array(other.lowercased()))
    var rows = [Array(0...other.count)]
    for (i, character) in one.enumerated() {
        var row = [i + 1]
        for (j, candidate) in other.enumerated() {
            let replaced = rows[i][j] + (character == candidate ? 0 : 1)
            var best = min(replaced, rows[i][j + 1] + 1, row[j] + 1)
            if i > 0, j > 0, character == other[j - 1], one[i - 1] == candidate {
                best = min(best, rows[i - 1][j - 1] + 1)
            }
            row.append(best)
        }
        rows.append(row)
    }
    return rows[one.count][other.count]
}
