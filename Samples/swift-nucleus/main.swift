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

/// What a shutdown is announced as. The next start knows it, too.
let restart = Update("nucleus-restart", reason: "the nucleus restarts", restartsNucleus: true)

@Sendable func show(_ progress: GateProgress) {
    for blocker in progress.blockers {
        logger.info("waiting for \(blocker.component): \(blocker.reason ?? "no answer yet")")
    }
}

struct Nucleus: Service {
    func run() async throws {
        // If the last shutdown was released, this is how it went.
        do { try await complete(restart.id, .applied, controlSocket: socket) } catch {
            logger.info("no restart to report: \((error as? GateError)?.message ?? "interrupted")")
        }
        // A deployment that still waits at its gate is withdrawn by the shutdown.
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

// The last service is the first to hear of a shutdown, and holds it until the gate opens.
let gate = ShutdownGate(for: restart, controlSocket: socket, logger: logger, progress: show)
let group = ServiceGroup(
    services: [Nucleus(), gate],
    gracefulShutdownSignals: [.sigterm, .sigint],
    logger: logger
)
try await group.run()
