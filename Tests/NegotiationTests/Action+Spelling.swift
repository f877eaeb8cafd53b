// SPDX-License-Identifier: Apache-2.0

import Negotiation

// How a transcript spells what is heard.

extension Duration {
    /// `90 s`, `0.25 s`, `24 h`.
    var spelled: String {
        let milliseconds = wholeMilliseconds
        if milliseconds > 0, milliseconds.isMultiple(of: 3_600_000) {
            return "\(milliseconds / 3_600_000) h"
        }
        let fraction = String(milliseconds % 1_000 + 1_000).dropFirst()
        let digits = fraction.reversed().drop { $0 == "0" }.reversed()
        return "\(milliseconds / 1_000)\(digits.isEmpty ? "" : "." + String(digits)) s"
    }
}

extension Action {
    /// The stream that it is sent to, and its text; nil for a status.
    var spelled: (StreamID, String)? {
        switch self {
        case .notify(let stream, let notice): (stream, notice.spelled)
        case .post(let stream, let post):
            (stream, "post \(post.deploymentID) \(post.outcome)")
        case .granted(let stream, let grant):
            (stream, "granted \(grant.granted.spelled), \(grant.remaining.spelled) left")
        case .attached(let stream, let attachment): (stream, attachment.spelled)
        case .released(let stream, let release): (stream, release.spelled)
        case .refused(let stream, let withdrawal):
            (stream, "refused \(withdrawal.deploymentID): \(withdrawal.reason)")
        case .cancelled(let stream, let withdrawal):
            (stream, "cancelled \(withdrawal.deploymentID): \(withdrawal.reason)")
        case .done(let stream): (stream, "done")
        case .failed(let stream, let refusal): (stream, "failed: \(refusal.spelled)")
        case .changed: nil
        }
    }
}

extension Notice {
    fileprivate var spelled: String {
        let kind = lastCall ? "last call" : "notice"
        return "\(kind) \(deploymentID) round \(round), respond by \(respondBy.spelled)"
            + (final ? ", final" : "")
    }
}

extension Attachment {
    fileprivate var spelled: String {
        "attached \(deploymentID)\(attached ? " again" : "")"
            + list(" to ", participants) + list(", unmatched ", unmatched)
    }
}

extension Release {
    fileprivate var spelled: String {
        "released \(deploymentID) on \(basis) after \(waited.spelled)"
            + list(", silent ", silent) + list(", overridden ", overridden)
            + (isJoined ? ", joined" : "")
    }
}

extension Refusal {
    fileprivate var spelled: String {
        switch self {
        case .notSubscribed: "not subscribed"
        case .notAsked: "not asked"
        case .notWaiting: "not waiting"
        case .alreadyReleased: "already released"
        case .deferralsForbidden: "deferrals forbidden"
        case .budgetSpent: "budget spent"
        case .deadlinePassed: "deadline passed"
        case .unknown: "unknown"
        case .anotherRequest: "another request"
        case .notReleased: "not released"
        case .cannotCancelReleased: "released already"
        case .alreadyEnded(_, let word): "already \(word)"
        case .tooManyUpdates: "too many updates"
        case .tooManySubscriptions: "too many subscriptions"
        case .tooManyComponents: "too many components"
        }
    }
}

private func list(_ introduction: String, _ names: [String]) -> String {
    names.isEmpty ? "" : introduction + names.joined(separator: " ")
}
