// SPDX-License-Identifier: Apache-2.0

import Logging
import ReprieveCoordinator
import ReprieveShutdown
import ServiceLifecycle
import UnixSignals

// A nucleus in Swift: it waits at a gate before it changes anything, and before it shuts down.
//
//     sample-nucleus CONTROL-SOCKET [DEPLOYMENT…]

let socket = CommandLine.arguments.dropFirst().first
let logger = Logger(label: "nucleus")

/// The update as which a shutdown is announced. The next start completes it.
let restart = Update("nucleus-restart", reason: "the nucleus restarts", disruption: .nucleus)

@Sendable func show(_ progress: GateProgress) {
    for blocker in progress.blockers {
        logger.info("waiting for \(blocker.component): \(blocker.reason ?? "no answer yet")")
    }
}

struct Nucleus: Service {
    func run() async throws {
        // If the last shutdown was released, this start is its outcome.
        do { try await complete(restart.id, .applied, controlSocket: socket) } catch {
            logger.info("no restart to report: \((error as? GateError)?.message ?? "interrupted")")
        }
        // The shutdown withdraws a deployment that still waits at its gate.
        await cancelWhenGracefulShutdown {
            for id in CommandLine.arguments.dropFirst(2) { await deploy(id) }
        }
        try await gracefulShutdown()
    }

    func deploy(_ id: String) async {
        do {
            try await withGate(for: Update(id), controlSocket: socket, progress: show) { release in
                for component in release.silent { logger.warning("no answer from \(component)") }
                logger.info("\(id): the dangerous part")
                return .applied
            }
        } catch {
            logger.error("\(id) failed: \((error as? GateError)?.message ?? "interrupted")")
        }
    }
}

// The last service is the first to shut down, and delays the others until its gate opens.
let gate = ShutdownGate(for: restart, controlSocket: socket, logger: logger, progress: show)
let group = ServiceGroup(
    services: [Nucleus(), gate],
    gracefulShutdownSignals: [.sigterm, .sigint],
    logger: logger
)
try await group.run()
