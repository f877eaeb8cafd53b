// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// The accounts that an operator should know of: those near a limit, and those that were refused
/// something. Empty if there is none, as on most devices.
func text(_ accounts: [AccountShape]) -> String {
    let noted = accounts.filter { $0.refusals > 0 || $0.load >= nearLimit }
    guard !noted.isEmpty else { return "" }
    return "\(count(noted.count, "account")) near a limit, or refused something\n"
        + table([head] + noted.map(row))
}

/// The part of a limit from which an account is shown.
private let nearLimit = 0.75

private let head = [
    "ACCOUNT", "CONNECTIONS", "HANDSHAKES", "BYTES", "SUBSCRIPTIONS", "COMPONENTS", "OWED",
    "REFUSALS",
]

private func row(_ account: AccountShape) -> [String] {
    let usages = [
        account.connections, account.handshakes, account.bytes, account.subscriptions,
        account.components,
    ]
    return [name(of: account)] + usages.map(text) + [account.owed.map(text) ?? "-"]
        + [String(account.refusals)]
}

/// `uid 1000`, `till.service (uid 0)`, `uid 0 at control`.
private func name(of account: AccountShape) -> String {
    let user = "uid \(account.uid)"
    let name = account.service.map { shown($0) + " (\(user))" } ?? user
    return account.socket == .control ? name + " at control" : name
}

private func text(_ usage: UsageShape) -> String {
    usage.limit.map { "\(usage.used)/\($0)" } ?? String(usage.used)
}
