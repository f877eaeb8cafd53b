// SPDX-License-Identifier: Apache-2.0

/// Variables for a list of names: as many of them as have room, and how many there are in all. The
/// system starts no program whose environment is too large.
func variables(
    _ name: String,
    _ names: [String],
    limit: Int = 16_384
) -> [(name: String, value: String)] {
    var room = limit
    let kept = names.prefix { name in
        room -= name.utf8.count + 1
        return room >= 0
    }
    return [(name, kept.joined(separator: ",")), (name + "_COUNT", String(names.count))]
}
