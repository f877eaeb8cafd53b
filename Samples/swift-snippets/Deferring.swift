// SPDX-License-Identifier: Apache-2.0

// Ways to hold an update back. The documentation quotes them; they are compiled so that it stays
// right.

import Reprieve

/// Stands for what must not be interrupted.
protocol Flash: Sendable {
    func write(_ image: [UInt8]) async throws
    func giveUp(within time: Duration) async
}

struct FirmwareUpdater {
    let updates: Updates
    let flash: any Flash

    func write(_ image: [UInt8]) async throws {
        try await updates.deferring("writing firmware to flash") {
            try await flash.write(image)
        }
    }

    /// Waits for the end of an update that is under way, instead of failing.
    func writeLater(_ image: [UInt8]) async throws {
        try await updates.deferring("writing firmware to flash", ifUnderway: .wait) {
            try await flash.write(image)
        }
    }

    /// Lets an update that waits go first.
    func writeAfterUpdates(_ image: [UInt8]) async throws {
        try await updates.deferring("writing firmware to flash", ifWaiting: .wait) {
            try await flash.write(image)
        }
    }

    /// Ends safely when the update will not wait any longer.
    func writeInTime(_ image: [UInt8]) async throws {
        try await updates.deferring("writing firmware to flash") {
            try await flash.write(image)
        } onLastCall: { lastCall in
            await flash.giveUp(within: lastCall.timeLeft)
        }
    }

    func tryToWrite(_ image: [UInt8]) async throws {
        do {
            try await write(image)
        } catch let error as UpdatesError where error.code == .updateUnderway {
            print("later: \(error.message)")
        }
    }

    func report() async {
        for await update in updates.outcomes {
            print("\(update.deploymentID): \(update.outcome.rawValue)")
        }
    }
}
