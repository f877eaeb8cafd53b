// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// What the system refused, for which file, and why.
package struct SystemError: Error, Equatable, Sendable {
    /// What was attempted, as a verb: "bind".
    package let operation: String
    /// The file that it was attempted on, if there is one.
    package let path: String?
    /// The C library's error number.
    package let errno: Int32
    /// One sentence: "cannot bind /run/x: Address already in use (EADDRINUSE)".
    package let message: String

    package init(_ operation: String, path: String? = nil, errno: Int32) {
        self.init(operation, path: path, errno: errno, because: Self.text(of: errno))
    }

    /// An error whose cause is described better than by its number.
    init(_ operation: String, path: String?, errno: Int32, because reason: String) {
        let object = path.map { " " + $0 } ?? ""
        let message = "cannot " + operation + object + ": " + reason
        self.init(operation: operation, path: path, errno: errno, message: message)
    }

    /// The same error, with advice for the operator.
    package func adding(_ advice: String) -> Self {
        let message = message + "; " + advice
        return Self(operation: operation, path: path, errno: errno, message: message)
    }

    private init(operation: String, path: String?, errno: Int32, message: String) {
        self.operation = operation
        self.path = path
        self.errno = errno
        self.message = message
    }

    static func alreadyServed(_ path: String) -> Self {
        let message = "another reprieved is already serving " + path
        return Self(operation: "listen on", path: path, errno: EADDRINUSE, message: message)
    }

    private static func text(of errno: Int32) -> String {
        let text = String(cString: strerror(errno))
        guard let name = reprieve_error_name(errno) else { return text }
        return text + " (" + String(cString: name) + ")"
    }
}

/// Throws the error in `errno` if a call of the C library returned -1.
@discardableResult
func check(
    _ result: Int32,
    _ operation: String,
    path: String? = nil
) throws(SystemError) -> Int32 {
    guard result < 0 else { return result }
    throw SystemError(operation, path: path, errno: errno)
}

/// Throws the error if a call of libsystemd returned a negative error number.
@discardableResult
func checkSystemd(_ result: Int32, _ operation: String) throws(SystemError) -> Int32 {
    guard result < 0 else { return result }
    throw SystemError(operation, errno: -result)
}
