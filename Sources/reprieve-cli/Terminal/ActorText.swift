// SPDX-License-Identifier: Apache-2.0

internal import Glibc

/// Who did something, with the user's name on this device: "root (uid 0, pid 4711)". A component,
/// and a user without a name, as they are.
func actor(_ by: String, named name: (UInt32) -> String? = userName) -> String {
    guard by.hasPrefix("uid "),
        let user = UInt32(by.dropFirst(4).prefix { $0.isASCII && $0.isNumber }),
        let name = name(user)
    else { return shown(by) }
    return "\(shown(name)) (\(shown(by)))"
}

private func userName(_ user: UInt32) -> String? {
    guard let entry = getpwuid(user), let name = entry.pointee.pw_name else { return nil }
    return String(cString: name)
}
