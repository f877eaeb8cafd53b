// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Components of several processes.

extension World {
    static let processes = [
        World(
            name: "two processes of one component disagree",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2],
                    present: 2,
                    hangUps: 1,
                    acknowledges: 2,
                    defers: 2
                )
            ],
            policies: [.small(deadline: 9)],
            deferrals: [1, 3],
            horizon: 3,
            isQuick: true
        ),
        World(
            name: "two processes of one component act",
            roles: [
                Role(
                    name: "a",
                    confirm: [true, true],
                    processes: [1, 2],
                    present: 2,
                    acknowledges: 5,
                    defers: 1
                )
            ],
            policies: [.small(deadline: 9)],
            deferrals: [1],
            horizon: 3,
            isQuick: true
        ),
        World(
            name: "one of two processes acts, beside another component",
            roles: [
                Role(
                    name: "a",
                    confirm: [true, false],
                    processes: [1, 2],
                    present: 1,
                    subscribes: 1,
                    unsubscribes: 1,
                    acknowledges: 3,
                    defers: 0
                ),
                Role(name: "b", acknowledges: 1, defers: 1),
            ],
            policies: [.small(response: 1, deadline: 9)],
            deferrals: [1],
            horizon: 2
        ),
        World(
            name: "a process comes while another one of its component defers",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2, 1],
                    subscribes: 2,
                    hangUps: 1,
                    acknowledges: 2,
                    defers: 1
                )
            ],
            policies: [.small(deadline: 9)],
            deferrals: [1, 3],
            horizon: 4,
            isQuick: true
        ),
        World(
            name: "two processes of one component defer, and the broker dies",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2],
                    present: 2,
                    subscribes: 2,
                    acknowledges: 1,
                    defers: 2
                )
            ],
            policies: [.small(deadline: 9)],
            announces: [2],
            restarts: 1,
            deferrals: [2],
            horizon: 3
        ),
    ]
}
