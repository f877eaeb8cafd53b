// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

/// The payload of PROTOCOL_ERROR and INTERNAL_ERROR.
struct Complaint: Shape {
    var message: String

    init(message: String) {
        self.message = message
    }

    init(decoding json: JSON) throws(JSONError) {
        message = try json.string("message") ?? "no reason given"
    }

    func write(to object: inout ObjectWriter) {
        object.member("message", message)
    }
}
