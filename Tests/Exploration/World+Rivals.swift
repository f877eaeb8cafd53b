// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Updates that wait for each other.

extension World {
    static let rivals = [
        World(
            name: "two updates take turns",
            roles: [
                Role(name: "a", confirm: [true], acknowledges: 2, defers: 1)
            ],
            policies: [.small(), .small(deadline: 4)],
            announces: [1, 1],
            forces: 1,
            completes: 1,
            deferrals: [1],
            horizon: 3
        ),
        World(
            name: "an update waits for one whose holder leaves",
            roles: [Role(name: "a", acknowledges: 2, defers: 0)],
            policies: [.small(), .small()],
            announces: [2, 1],
            leaves: 2,
            completes: 1,
            restarts: 1,
            sleeps: 1,
            horizon: 3
        ),
        World(
            name: "of three updates one is not exclusive",
            roles: [Role(name: "a", confirm: [true], acknowledges: 3, defers: 0)],
            policies: [.small(), .small(response: 1), .small(deadline: 3)],
            shared: [2],
            announces: [1, 1, 1],
            forces: 1,
            horizon: 2
        ),
        World(
            name: "a shutdown waits for an update, and none for it",
            roles: [Role(name: "a", acknowledges: 2, defers: 1)],
            policies: [.small(), .small(response: 1, deadline: 3)],
            shutdowns: [1],
            announces: [1, 1],
            completes: 1,
            horizon: 4
        ),
    ]
}
