// SPDX-License-Identifier: Apache-2.0

import Negotiation

// Connections that the upstream ends, through no fault of the components.

extension World {
    static let losses = [
        World(
            name: "an upstream ends one of two connections, or both",
            roles: [
                Role(name: "a", present: 2, subscribes: 1, losses: 2, acknowledges: 1),
                Role(name: "b", acknowledges: 1, defers: 0),
            ],
            deferrals: [1, 3],
            horizon: 4
        ),
        World(
            name: "an upstream ends a component's connection again and again",
            roles: [Role(name: "a", subscribes: 3, losses: 4, acknowledges: 0, defers: 1)],
            policies: [.small(response: 1, onSilence: .refuse)],
            deferrals: [1],
            horizon: 5
        ),
        World(
            name: "an upstream ends the connection of a component that acts",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, losses: 1, defers: 0),
                Role(name: "b", confirm: [true]),
            ],
            horizon: 3
        ),
        World(
            name: "a component hangs up before or after its upstream",
            roles: [Role(name: "a", subscribes: 2, hangUps: 1, losses: 1, acknowledges: 1)],
            policies: [.small(response: 3, deadline: 6, budget: 4, onSilence: .refuse)],
            restarts: 1,
            deferrals: [3],
            horizon: 5
        ),
        World(
            name: "an upstream ends the connections of two processes of a component",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2, 1],
                    present: 2,
                    subscribes: 1,
                    losses: 2,
                    acknowledges: 2,
                    defers: 1
                )
            ],
            policies: [.small(deadline: 9)],
            deferrals: [1, 3],
            horizon: 4
        ),
        World(
            name: "an upstream ends the connection of a process that acts",
            roles: [
                Role(
                    name: "a",
                    confirm: [true, false],
                    processes: [1, 2],
                    present: 2,
                    subscribes: 1,
                    hangUps: 1,
                    losses: 1,
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
            name: "an upstream ends the connection of a process, and the device sleeps",
            roles: [
                Role(
                    name: "a",
                    processes: [1, 2],
                    present: 2,
                    losses: 2,
                    acknowledges: 2,
                    defers: 2
                )
            ],
            policies: [.small(deadline: 9, budget: 4)],
            restarts: 1,
            sleeps: 1,
            deferrals: [2],
            sleep: 2,
            horizon: 5
        ),
        World(
            name: "an upstream ends a component's connection before an update",
            roles: [
                Role(name: "a", confirm: [true], subscribes: 1, losses: 1, acknowledges: 1),
                Role(name: "b", present: 0, subscribes: 1, acknowledges: 1, defers: 0),
            ],
            policies: [.small(require: ["b"])],
            announced: 0,
            sleeps: 1,
            sleep: 1,
            horizon: 3
        ),
        World(
            name: "an upstream ends a veto's connection",
            roles: [
                Role(
                    name: "v",
                    confirm: [true],
                    subscribes: 1,
                    losses: 1,
                    acknowledges: 2,
                    defers: 1
                ),
                Role(name: "b", confirm: [true], acknowledges: 2, defers: 0),
            ],
            policies: [.small(response: 1, deadline: 4)],
            rules: [ComponentRule("v", isVeto: true)],
            deferrals: [1],
            horizon: 3
        ),
    ]
}
