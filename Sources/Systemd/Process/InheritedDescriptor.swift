// SPDX-License-Identifier: Apache-2.0

import CSystemd
import Glibc

/// A descriptor that the service manager has opened, or kept, for this process. Whoever uses it
/// owns it.
package struct InheritedDescriptor: Equatable, Sendable {
    /// Its `FileDescriptorName=`, or the name that it was kept under.
    package let name: String
    package let number: Int32

    /// Closes one that is not used.
    package func discard() { close(number) }

    /// All that there are. Child processes do not inherit them. A second call returns none.
    package static func takeAll() throws(SystemError) -> [InheritedDescriptor] {
        var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let result = sd_listen_fds_with_names(1, &names)
        let count = try checkSystemd(result, "inherit descriptors")
        defer { free(names) }
        return (0..<count).map { index in
            let name = takeName(names?[Int(index)])
            return InheritedDescriptor(name: name, number: SD_LISTEN_FDS_START + index)
        }
    }
}

private func takeName(_ name: UnsafeMutablePointer<CChar>?) -> String {
    guard let name else { return "" }
    defer { free(name) }
    return String(cString: name)
}
