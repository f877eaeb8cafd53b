// SPDX-License-Identifier: Apache-2.0

import Negotiation

// A move's event, and what it uses up.

extension Scene {
    mutating func prepare(_ move: Move, in world: World) -> Event? {
        switch move {
        case .subscribe(let role): return subscribe(role, in: world)
        case .unsubscribe(let role, let index):
            left.roles[role].unsubscribes -= 1
            connections[role][index].isSubscribed = false
            let stream = StreamID(connections[role][index].peer, 1)
            return .unsubscribed(stream, component: world.roles[role].name)
        case .hangUp(let role, let index):
            left.roles[role].hangUps -= 1
            close(role, index)
            return .hungUp(connections[role][index].peer, component: world.roles[role].name)
        case .lose(let role, let index):
            left.roles[role].losses -= 1
            close(role, index)
            return .lost(connections[role][index].peer, component: world.roles[role].name)
        case .answer(let role, let index, let update, let ticks, let withRound):
            return answer(role, index, update, ticks, withRound, in: world)
        case .tick:
            now = now + .seconds(1)
            return nil
        case .fire: return .timePassed
        case .sleep:
            left.sleeps -= 1
            now = now + .seconds(world.sleep)
            return .slept(.seconds(world.sleep))
        case .restart:
            left.restarts -= 1
            now = now + .seconds(world.downtime)
            for role in connections.indices {
                for index in connections[role].indices { close(role, index) }
            }
            coordinators = coordinators.map { _ in [] }
            return .restarted
        case .announce, .announceAnother, .leave, .complete, .cancel, .force:
            return coordinate(move, in: world)
        }
    }

    private mutating func close(_ role: Int, _ index: Int) {
        connections[role][index].isOpen = false
        connections[role][index].isSubscribed = false
        connections[role][index].rounds = coordinators.map { _ in nil }
    }

    private mutating func subscribe(_ role: Int, in world: World) -> Event? {
        let actor = world.roles[role]
        let index = connections[role].count
        let connection = Connection(
            peer: PeerID(UInt64(10 * (role + 1) + index)),
            confirm: actor.confirm[index % actor.confirm.count],
            isSubscribed: actor.listens[index % actor.listens.count],
            rounds: coordinators.map { _ in nil }
        )
        left.roles[role].subscribes -= 1
        connections[role].append(connection)
        guard connection.isSubscribed else { return nil }
        return .subscribed(
            Subscription(
                stream: StreamID(connection.peer, 1),
                component: actor.name,
                confirm: connection.confirm,
                process: actor.processes[index % actor.processes.count]
            )
        )
    }

    private mutating func answer(
        _ role: Int,
        _ index: Int,
        _ update: Int,
        _ ticks: Int,
        _ withRound: Bool,
        in world: World
    ) -> Event {
        if ticks == 0 {
            left.roles[role].acknowledges -= 1
        } else {
            left.roles[role].defers -= 1
        }
        let (actor, connection) = (world.roles[role], connections[role][index])
        return .answered(
            Answer(
                request: StreamID(connection.peer, 2),
                component: world.roles[role].name,
                process: actor.processes[index % actor.processes.count],
                deploymentID: "d-\(update + 1)",
                deferral: .seconds(ticks),
                round: withRound ? connection.rounds[update] : nil
            )
        )
    }

    private mutating func coordinate(_ move: Move, in world: World) -> Event? {
        let request = StreamID(PeerID(99), 1)
        switch move {
        case .announce(let update):
            let count = world.announces[update] - left.announces[update]
            let stream = StreamID(PeerID(UInt64(100 + 10 * update + count)), 1)
            let process = world.processes[count % world.processes.count]
            left.announces[update] -= 1
            coordinators[update].append(stream)
            return .announced(world.request(update), coordinator: stream, process: process)
        case .announceAnother(let update):
            left.otherRequests -= 1
            var request = world.request(update)
            request.asSent.append(0)
            return .announced(request, coordinator: StreamID(PeerID(98), 1), process: 0)
        case .leave(let update):
            left.leaves -= 1
            return .coordinatorLeft(coordinators[update].removeFirst())
        case .complete(let update):
            left.completes -= 1
            return .completed("d-\(update + 1)", .applied, message: nil, request: request)
        case .cancel(let update):
            left.cancels -= 1
            return .cancelled("d-\(update + 1)", reason: "", by: "", request: request)
        case .force(let update):
            left.forces -= 1
            return .forced("d-\(update + 1)", reason: "", by: "", request: request)
        default: return nil
        }
    }
}
