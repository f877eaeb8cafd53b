// SPDX-License-Identifier: Apache-2.0

internal import StrictJSON

/// An error that answers a request. Its payload holds what every SDK reads: `message` for Python,
/// C++ and JavaScript, the members with an underscore for the C SDK and Greengrass Lite.
package struct ErrorShape: Error, Hashable, Sendable, CustomStringConvertible {
    package enum Code: String, CaseIterable, Hashable, Sendable {
        case serviceError = "ServiceError"
        case invalidArguments = "InvalidArgumentsError"
        case resourceNotFound = "ResourceNotFoundError"
        /// On the control socket only.
        case conflict = "ConflictError"
        /// On the component socket it answers control operations only.
        case unauthorized = "UnauthorizedError"
    }

    package var code: Code
    package var message: String
    /// Of a ResourceNotFoundError: what kind of thing was not found, and its name.
    package var resourceType: String?
    package var resourceName: String?

    package init(
        _ code: Code,
        _ message: String,
        resourceType: String? = nil,
        resourceName: String? = nil
    ) {
        self.code = code
        self.message = message
        self.resourceType = resourceType
        self.resourceName = resourceName
    }

    /// For the readers of a test that prints the cause of a `TestBrokerError`.
    package var description: String { message }

    package var model: String { "aws.greengrass#" + code.rawValue }

    package func encoded() -> [UInt8] {
        var object = ObjectWriter()
        object.member("message", message)
        object.member("_errorCode", code.rawValue)
        object.member("_message", message)
        object.member("_service", "reprieve")
        object.member("resourceType", resourceType)
        object.member("resourceName", resourceName)
        return object.finished()
    }

    /// Reads an error of any broker. One of a code that is not known here keeps its text.
    package init(decoding payload: [UInt8], model: String?) {
        let json = try? JSON(decoding: payload)
        let modelled = model?.split(separator: "#").last.map(String.init)
        let word = (try? json?.string("_errorCode")) ?? modelled
        let text = (try? json?.string("message")) ?? (try? json?.string("_message"))
        self.init(
            word.flatMap(Code.init(rawValue:)) ?? .serviceError,
            text ?? word ?? "an error without a message",
            resourceType: try? json?.string("resourceType"),
            resourceName: try? json?.string("resourceName")
        )
    }
}
