// SPDX-License-Identifier: Apache-2.0

/// Something to be sent. The order of actions is the order in which they are to be sent.
package enum Action: Hashable, Sendable {
    case notify(StreamID, Notice)
    case post(StreamID, Post)
    case granted(StreamID, Grant)
    case attached(StreamID, Attachment)
    case released(StreamID, Release)
    case refused(StreamID, Withdrawal)
    case cancelled(StreamID, Withdrawal)
    /// The call is carried out, and has nothing to say.
    case done(StreamID)
    case failed(StreamID, Refusal)
    /// The update's status is another than before, or a coordinator has attached that is sent it.
    case changed(DeploymentID)
}
