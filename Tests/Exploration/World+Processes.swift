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
            horizon: 3
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
            horizon: 3
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
            horizon: 4
        ),
        World(
            name: "one of three processes of a component ends its subscription, and speaks on",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2, 3],
                    present: 3,
                    unsubscribes: 1,
                    acknowledges: 2,
                    defers: 1
                ),
                Role(name: "b", acknowledges: 0, defers: 1),
            ],
            policies: [.small(response: 1, deadline: 9)],
            deferrals: [3],
            horizon: 4
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
        World(
            name: "two processes of one component return one after the other",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2],
                    present: 2,
                    subscribes: 2,
                    hangUps: 1,
                    acknowledges: 2,
                    defers: 1
                )
            ],
            policies: [.small(deadline: 9)],
            announces: [2],
            restarts: 1,
            deferrals: [1],
            horizon: 3
        ),
        World(
            name: "two processes of one component return, of which one acts",
            roles: [
                Role(
                    name: "a",
                    confirm: [true, false],
                    processes: [1, 2],
                    present: 2,
                    subscribes: 2,
                    acknowledges: 4,
                    defers: 0
                )
            ],
            policies: [.small(deadline: 9)],
            announces: [2],
            restarts: 1,
            horizon: 2
        ),
        World(
            name: "two processes of one component return to a new update",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2, 1],
                    present: 2,
                    subscribes: 3,
                    hangUps: 1,
                    acknowledges: 2,
                    defers: 1
                )
            ],
            policies: [.small(response: 1, deadline: 9)],
            announced: 0,
            announces: [1],
            restarts: 2,
            sleeps: 1,
            deferrals: [1],
            sleep: 1,
            horizon: 3
        ),
    ]
}
