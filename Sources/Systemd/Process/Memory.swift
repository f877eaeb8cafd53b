// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// This process's memory.
package enum Memory {
    private static let large: Int32 = 1_024 * 1_024

    /// From now on, what something large took for a moment goes back to the system after it. The
    /// allocator would raise these limits by itself, and keep it.
    package static func returnLarge() {
        mallopt(M_MMAP_THRESHOLD, large)
        mallopt(M_TRIM_THRESHOLD, large)
    }

    /// Gives back to the system what is free now, wherever it lies.
    package static func returnFree() {
        malloc_trim(0)
    }
}
