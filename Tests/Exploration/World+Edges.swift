// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Limits of zero, and names.

extension World {
    static let edges = [
        World(
            name: "nobody is notified",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, acknowledges: 1),
                Role(name: "b", present: 0, subscribes: 1, acknowledges: 1),
            ],
            policies: [.small(notification: .skip, require: ["b", "c"])],
            announces: [2],
            leaves: 1,
            cancels: 1,
            completes: 1,
            restarts: 1,
            horizon: 4
        ),
        World(
            name: "no time at all",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, acknowledges: 1),
                Role(name: "b", confirm: [true], acknowledges: 1, defers: 0),
            ],
            policies: [.small(deadline: 0), .small(deadline: 0, onSilence: .refuse)],
            announced: 0,
            announces: [2, 1],
            completes: 1,
            horizon: 1
        ),
        World(
            name: "no time to answer",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, defers: 2),
                Role(name: "b", confirm: [true], subscribes: 1, acknowledges: 2),
            ],
            policies: [.small(response: 0, deadline: 4)],
            announces: [2],
            leaves: 1,
            horizon: 4
        ),
        World(
            name: "no deferral",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, acknowledges: 1),
                Role(name: "b", confirm: [true], acknowledges: 2),
            ],
            policies: [.small(deadline: 3, maxDefer: 0)],
            horizon: 4
        ),
        World(
            name: "no budget",
            roles: [
                Role(name: "a", subscribes: 1, hangUps: 1, acknowledges: 1),
                Role(name: "b", confirm: [true], subscribes: 1, acknowledges: 2),
            ],
            policies: [.small(budget: 0, require: ["c"], onAbsence: .proceed)],
            components: ["a", "b", "c"],
            announces: [2],
            leaves: 1,
            horizon: 4
        ),
    ]

    static let names = [
        World(
            name: "some are named, by their unit's or their own name",
            roles: [
                Role(name: "unit/a", present: 0, subscribes: 1, acknowledges: 1, defers: 0),
                Role(name: "other/a", present: 0, subscribes: 1, acknowledges: 1, defers: 0),
                Role(name: "unit/b", acknowledges: 1, defers: 0),
                Role(name: "c", subscribes: 1, acknowledges: 0, defers: 1),
            ],
            policies: [.small(require: ["a"], onAbsence: .proceed)],
            components: ["b", "nobody"],
            patterns: ["unit/*", "other/*"],
            horizon: 3
        ),
        World(
            name: "a required name is somebody's last part",
            roles: [
                Role(name: "unit/a", present: 0, subscribes: 1, hangUps: 1, acknowledges: 1),
                Role(name: "a", present: 0, subscribes: 1, acknowledges: 1, defers: 0),
            ],
            policies: [.small(onSilence: .refuse, require: ["a"])],
            patterns: ["unit/a"],
            announces: [2],
            restarts: 1,
            horizon: 3
        ),
        World(
            name: "a unit that no rule names",
            roles: [
                Role(name: "unit/a", present: 0, subscribes: 1, acknowledges: 1),
                Role(name: "a", present: 0, subscribes: 1, acknowledges: 1, defers: 0),
            ],
            policies: [.small(onSilence: .refuse, require: ["a"])],
            patterns: ["*/a", "a", "unit/b"],
            announces: [2],
            restarts: 1,
            horizon: 3
        ),
        World(
            name: "a coordinator's own process is not asked",
            roles: [
                Role(
                    name: "a",
                    confirm: [true, false, false],
                    processes: [1, 1, 2],
                    subscribes: 2,
                    hangUps: 1,
                    acknowledges: 1
                ),
                Role(name: "b", acknowledges: 0, defers: 0),
            ],
            announces: [3],
            processes: [3, 1, 2],
            leaves: 1,
            horizon: 2
        ),
        World(
            name: "a required component is a coordinator's own",
            roles: [
                Role(
                    name: "unit/a",
                    processes: [1, 2],
                    present: 0,
                    subscribes: 2,
                    hangUps: 1,
                    acknowledges: 1
                )
            ],
            policies: [.small(onSilence: .refuse, require: ["a"])],
            patterns: ["unit/*"],
            announces: [2],
            processes: [2, 1],
            leaves: 1,
            restarts: 1,
            horizon: 3
        ),
        World(
            name: "some connections only speak, and the broker dies",
            roles: [
                Role(
                    name: "a",
                    listens: [true, false],
                    present: 2,
                    subscribes: 1,
                    hangUps: 1,
                    acknowledges: 1,
                    defers: 2
                )
            ],
            announces: [2],
            restarts: 1,
            deferrals: [1, 3],
            horizon: 3
        ),
    ]
}
