// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A file descriptor and the duty to close it.
struct Descriptor: ~Copyable {
    let number: Int32

    init(owning number: Int32) { self.number = number }

    deinit { close(number) }
}
