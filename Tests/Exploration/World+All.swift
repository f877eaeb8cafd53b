// SPDX-License-Identifier: Apache-2.0

import Negotiation

extension World {
    static let all =
        components + gates + ends + edges + names + rules + unrest + rivals + vetoes + processes
        + losses

    private static let components = [
        World(
            name: "a component comes and goes",
            roles: [
                Role(
                    name: "a",
                    subscribes: 1,
                    hangUps: 2,
                    unsubscribes: 1,
                    acknowledges: 1,
                    defers: 2
                )
            ],
            deferrals: [1, 3],
            horizon: 5
        ),
        World(
            name: "two connections of one component disagree",
            roles: [Role(name: "a", present: 2, hangUps: 1, defers: 2)],
            deferrals: [1, 4],
            leastDeferral: 2,
            horizon: 5
        ),
        World(
            name: "acknowledgements go stale",
            roles: [
                Role(name: "a", acknowledges: 2, defers: 0),
                Role(name: "b", acknowledges: 2, defers: 2),
            ],
            policies: [.small(response: 1)],
            deferrals: [3],
            horizon: 7
        ),
        World(
            name: "budgets end",
            roles: [
                Role(name: "a", defers: 2),
                Role(name: "b"),
            ],
            policies: [.small(budget: 4)],
            horizon: 6
        ),
        World(
            name: "a budget ends while its component is away",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 0, defers: 0),
            ],
            policies: [.small(response: 5, budget: 3)],
            deferrals: [1, 2],
            horizon: 5
        ),
        World(
            name: "silence refuses, and somebody is required",
            roles: [
                Role(name: "a", present: 0, subscribes: 2, hangUps: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 1),
            ],
            policies: [.small(budget: 4, onSilence: .refuse, require: ["a"])],
            leaves: 1,
            horizon: 3
        ),
        World(
            name: "a required component is absent, or goes away",
            roles: [
                Role(name: "a", present: 0, subscribes: 2, hangUps: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 1, defers: 0),
            ],
            policies: [.small(budget: 4, require: ["a"])],
            forces: 1,
            restarts: 1,
            horizon: 3
        ),
    ]

    private static let gates = [
        World(
            name: "two final askings",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, acknowledges: 2),
                Role(name: "b", confirm: [true], acknowledges: 2),
            ],
            horizon: 3
        ),
        World(
            name: "one confirms and one is plain",
            roles: [
                Role(name: "a", confirm: [true, false], subscribes: 1),
                Role(name: "b", confirm: [false, true], subscribes: 1, acknowledges: 1, defers: 0),
            ],
            horizon: 3
        ),
        World(
            name: "three components",
            roles: [
                Role(name: "a", confirm: [true]), Role(name: "b", acknowledges: 1),
                Role(name: "c", acknowledges: 1, defers: 0),
            ],
            horizon: 4
        ),
        World(
            name: "the deadline comes",
            roles: [
                Role(name: "a", acknowledges: 1),
                Role(name: "b", confirm: [true], subscribes: 1, acknowledges: 1, defers: 0),
            ],
            policies: [.small(deadline: 3)],
            announces: [2],
            leaves: 1,
            horizon: 4
        ),
        World(
            name: "the deadline comes with no coordinator",
            roles: [
                Role(name: "a", subscribes: 1),
                Role(name: "b", confirm: [true], acknowledges: 1, defers: 0),
            ],
            policies: [.small(response: 3, deadline: 2, onSilence: .refuse)],
            announces: [2],
            leaves: 1,
            restarts: 1,
            horizon: 3
        ),
        World(
            name: "a silent component is asked finally",
            roles: [
                Role(
                    name: "a",
                    confirm: [true, false],
                    subscribes: 1,
                    acknowledges: 2,
                    defers: 0
                ),
                Role(name: "b", confirm: [true], acknowledges: 2),
            ],
            policies: [.small(response: 1)],
            horizon: 3
        ),
        World(
            name: "coordinators come and go",
            roles: [Role(name: "a", confirm: [true])],
            announces: [3],
            leaves: 2,
            forces: 1,
            cancels: 1,
            deferrals: [-1, 2],
            horizon: 3
        ),
    ]

    private static let ends = [
        World(
            name: "an update ends and begins again",
            roles: [
                Role(name: "a", subscribes: 2, hangUps: 2, acknowledges: 1, defers: 0)
            ],
            announces: [3],
            cancels: 1,
            completes: 2,
            horizon: 4
        ),
        World(
            name: "two updates at once",
            roles: [
                Role(name: "a", hangUps: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 1, defers: 0),
            ],
            policies: [.small(), .small(deadline: 2)],
            announces: [1, 1],
            otherRequests: 1,
            completes: 1,
            horizon: 2
        ),
        World(
            name: "the broker dies",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, defers: 0),
                Role(name: "b", subscribes: 1, acknowledges: 1),
            ],
            announces: [2],
            restarts: 1,
            horizon: 3
        ),
        World(
            name: "the broker is down for a while",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, acknowledges: 1),
                Role(name: "b", acknowledges: 0, defers: 1),
            ],
            policies: [.small(deadline: 5, budget: 3)],
            announces: [2],
            restarts: 1,
            downtime: 2,
            horizon: 4
        ),
        World(
            name: "the device sleeps",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, acknowledges: 1)
            ],
            policies: [.small(deadline: 6, budget: 4)],
            announces: [2],
            leaves: 1,
            sleeps: 2,
            horizon: 7
        ),
    ]
}
