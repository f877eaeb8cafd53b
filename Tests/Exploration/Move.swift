// SPDX-License-Identifier: Apache-2.0

import Negotiation

/// Something that may happen next in a small world. Numbers are places in lists.
enum Move: Hashable, Sendable {
    case subscribe(role: Int)
    case unsubscribe(role: Int, connection: Int)
    case hangUp(role: Int, connection: Int)
    /// The upstream ends the connection.
    case lose(role: Int, connection: Int)
    /// With the round of the notice it last heard, or with none.
    case answer(role: Int, connection: Int, update: Int, ticks: Int, withRound: Bool)
    case announce(update: Int)
    case announceAnother(update: Int)
    case leave(update: Int)
    case complete(update: Int)
    case cancel(update: Int)
    case force(update: Int)
    case restart
    case sleep
    /// The clock advances; timers fire later, so that whatever arrives in an instant comes first.
    case tick
    case fire
}

extension Scene {
    /// All that can happen now.
    func moves(in world: World) -> [Move] {
        let isDue = dueAt.map { $0 <= now } ?? false
        var moves: [Move] = isDue ? [.fire] : []
        let hasTime = now.sinceBoot < .seconds(world.horizon)
        if !isDue, hasTime { moves.append(.tick) }
        if !isDue, hasTime, left.sleeps > 0 { moves.append(.sleep) }
        if left.restarts > 0 { moves.append(.restart) }
        for role in world.roles.indices { moves += componentMoves(role, in: world) }
        for update in world.policies.indices { moves += coordinatorMoves(update) }
        return moves
    }

    private func coordinatorMoves(_ update: Int) -> [Move] {
        let isThere = negotiation.updates["d-\(update + 1)"] != nil
        var moves: [Move] = []
        if left.announces[update] > 0 { moves.append(.announce(update: update)) }
        if left.otherRequests > 0, isThere { moves.append(.announceAnother(update: update)) }
        if left.leaves > 0, !coordinators[update].isEmpty { moves.append(.leave(update: update)) }
        if left.completes > 0 { moves.append(.complete(update: update)) }
        if left.cancels > 0 { moves.append(.cancel(update: update)) }
        if left.forces > 0, isThere { moves.append(.force(update: update)) }
        return moves
    }

    private func componentMoves(_ role: Int, in world: World) -> [Move] {
        var moves: [Move] = []
        if left.roles[role].subscribes > 0 { moves.append(.subscribe(role: role)) }
        for (index, connection) in connections[role].enumerated() where connection.isOpen {
            if left.roles[role].hangUps > 0 { moves.append(.hangUp(role: role, connection: index)) }
            if left.roles[role].losses > 0 { moves.append(.lose(role: role, connection: index)) }
            if left.roles[role].unsubscribes > 0, connection.isSubscribed {
                moves.append(.unsubscribe(role: role, connection: index))
            }
            moves += answers(role, index, connection, in: world)
        }
        return moves
    }

    private func answers(
        _ role: Int,
        _ index: Int,
        _ connection: Connection,
        in world: World
    ) -> [Move] {
        var moves: [Move] = []
        for update in world.policies.indices where negotiation.updates["d-\(update + 1)"] != nil {
            let answer = { (ticks: Int, withRound: Bool) in
                Move.answer(
                    role: role,
                    connection: index,
                    update: update,
                    ticks: ticks,
                    withRound: withRound
                )
            }
            if left.roles[role].acknowledges > 0 {
                moves.append(answer(0, false))
                if connection.confirm { moves.append(answer(0, true)) }
            }
            if left.roles[role].defers > 0 {
                moves += world.deferrals.map { answer($0, false) }
            }
        }
        return moves
    }
}
