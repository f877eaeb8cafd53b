// SPDX-License-Identifier: Apache-2.0

import Glibc

/// How many descriptors this process may have open.
package enum DescriptorLimit {
    /// Raises the limit as far as the system allows without privileges. Programs that use
    /// `select(2)` cannot have more than 1,024; this one does not use it.
    package static func raise() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }

    /// The limit as it is now.
    package static var current: Int {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else {
            return .max
        }
        return Int(clamping: limit.rlim_cur)
    }
}
