// SPDX-License-Identifier: Apache-2.0

import CSystemd

/// Bytes that the whole process has allocated and not freed. Under a sanitizer, which has its own
/// allocator, they are always 0.
package func allocatedBytes() -> Int {
    let heap = mallinfo2()
    return Int(heap.uordblks + heap.hblkhd)
}
