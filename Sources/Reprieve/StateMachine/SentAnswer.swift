// SPDX-License-Identifier: Apache-2.0

internal import ReprieveProtocol

/// An answer to which the broker has not replied yet.
struct SentAnswer: Hashable, Sendable {
    let deploymentID: String
    /// 0 for an acknowledgement.
    let deferral: Duration
    /// Whether it left on the connection that brought the notice.
    let wasCurrent: Bool
}

/// The broker's reply to an answer.
enum BrokerReply: Hashable, Sendable {
    case taken(DeferResponse)
    case refused(String)
    /// The connection ended first: the answer may have counted.
    case lost
}
