// SPDX-License-Identifier: Apache-2.0

import Negotiation

extension World {
    /// The longest first, so that both threads are busy to the end.
    static let all: [World] = [
        World(
            name: "a component comes and goes",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 2, unsubscribes: 1, defers: 2)
            ],
            deferrals: [1, 3],
            horizon: 6,
            isQuick: true
        ),
        World(
            name: "two final askings",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, acknowledges: 3),
                Role(name: "b", confirm: [true], acknowledges: 2),
            ],
            horizon: 3
        ),
        World(
            name: "one confirms and one is plain",
            roles: [
                Role(name: "a", confirm: [true, false], subscribes: 1, acknowledges: 3),
                Role(name: "b", confirm: [false, true], subscribes: 1),
            ],
            horizon: 4,
            isQuick: true
        ),
        World(
            name: "acknowledgements go stale",
            roles: [Role(name: "a", acknowledges: 3), Role(name: "b", acknowledges: 3, defers: 2)],
            policies: [.small(response: 1)],
            deferrals: [3],
            horizon: 8
        ),
        World(
            name: "budgets end",
            roles: [Role(name: "a", hangUps: 1, defers: 2), Role(name: "b", subscribes: 1)],
            policies: [.small(budget: 4)],
            horizon: 8,
            isQuick: true
        ),
        World(
            name: "the deadline comes",
            roles: [Role(name: "a", subscribes: 1, hangUps: 1), Role(name: "b", confirm: [true])],
            policies: [.small(deadline: 4)],
            leaves: 1,
            horizon: 5,
            isQuick: true
        ),
        World(
            name: "silence refuses, and somebody is required",
            roles: [
                Role(name: "a", present: 0, subscribes: 2, hangUps: 1),
                Role(name: "b", subscribes: 1, hangUps: 1),
            ],
            policies: [.small(onSilence: .refuse, require: ["a"])],
            leaves: 1,
            horizon: 5,
            isQuick: true
        ),
        World(
            name: "coordinators come and go",
            roles: [Role(name: "a", subscribes: 1, hangUps: 1), Role(name: "b")],
            announces: [3],
            leaves: 2,
            forces: 1,
            cancels: 1,
            horizon: 4,
            isQuick: true
        ),
        World(
            name: "an update ends and begins again",
            roles: [Role(name: "a", subscribes: 2, hangUps: 2), Role(name: "b")],
            announces: [3],
            cancels: 1,
            completes: 2,
            horizon: 5,
            isQuick: true
        ),
        World(
            name: "the broker dies",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, acknowledges: 3),
                Role(name: "b", subscribes: 1, hangUps: 1),
            ],
            announces: [2],
            restarts: 1,
            horizon: 6,
            isQuick: true
        ),
        World(
            name: "the device sleeps",
            roles: [Role(name: "a", subscribes: 1, hangUps: 1), Role(name: "b")],
            policies: [.small(deadline: 6, budget: 4)],
            leaves: 1,
            sleeps: 2,
            horizon: 7,
            isQuick: true
        ),
        World(
            name: "two updates at once",
            roles: [Role(name: "a", subscribes: 1, hangUps: 1), Role(name: "b", acknowledges: 1)],
            policies: [.small(), .small(deadline: 3)],
            announces: [1, 1],
            cancels: 1,
            completes: 1,
            horizon: 4
        ),
        World(
            name: "three components",
            roles: [
                Role(name: "a", confirm: [true]), Role(name: "b"),
                Role(name: "c", acknowledges: 1),
            ],
            horizon: 4
        ),
    ]
}
