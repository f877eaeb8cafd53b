// SPDX-License-Identifier: Apache-2.0

package import StrictJSON

/// An inhibitor lock of shutdowns that the broker holds, or has asked for.
package struct InhibitorShape: Shape {
    /// `delay` or `block`.
    package var mode: String
    package var why: String

    package init(mode: String, why: String) {
        self.mode = mode
        self.why = why
    }

    package init(decoding json: JSON) throws(JSONError) {
        mode = try json.requiredString("mode")
        why = try json.string("why") ?? ""
    }

    package func write(to object: inout ObjectWriter) {
        object.member("mode", mode)
        object.member("why", why)
    }
}
