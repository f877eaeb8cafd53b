// SPDX-License-Identifier: Apache-2.0

internal import EventStream
internal import StrictJSON

extension Frame {
    /// An error of the upstream's with the `message` that SDKs read. Greengrass Lite has its text
    /// in `_message`, and leaves that empty, too.
    var withErrorMessage: Frame {
        guard case .object(var members)? = try? JSON(decoding: payload) else { return self }
        let json = JSON.object(members)
        let text = { (name: String) in (try? json.string(name)).flatMap { $0.isEmpty ? nil : $0 } }
        guard text("message") == nil, text("_message")?.utf8.count ?? 0 <= Limits.text else {
            return self
        }
        let code = text("_errorCode") ?? "an error"
        members.removeAll { $0.name == "message" }
        let message = text("_message") ?? "the upstream answered \(code), without a text"
        members.append(JSON.Member("message", .string(message)))
        return Frame(headers: headers, payload: JSON.object(members).encoded())
    }
}
