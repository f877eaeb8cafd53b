// SPDX-License-Identifier: Apache-2.0

let flash = Flash()
let image: [UInt8] = []

/// Stands for what must not be interrupted.
struct Flash: Sendable {
    func write(_ image: [UInt8]) async throws {}
}
