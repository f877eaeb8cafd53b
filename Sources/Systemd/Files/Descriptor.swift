// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file descriptor and the duty to close it.
package struct Descriptor: ~Copyable {
    package let number: Int32

    package init(owning number: Int32) { self.number = number }

    deinit { close(number) }
}
