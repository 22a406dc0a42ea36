import Domain
import Testing

/// Whatever comes in whatever order: one holder at most, every turn ends once.
struct TurnPropertyTests {
    private static let names = ["alice", "bob", "carol", "dave"]

    @Test(arguments: 0..<40)
    func anySequence_leavesOneHolderAtMost_andEveryTurnEndsOnce(seed: Int) {
        var random = Seeded(seed: UInt64(seed))
        var desk = Desk(queueLimit: 3)
        var pending: [TurnID] = []
        desk.shutsAtOnce = false
        for _ in 0..<400 {
            let shut = desk.shutTurns.count
            step(&desk, &random, &pending)
            for turn in desk.shutTurns.dropFirst(shut) where !pending.contains(turn.id) { pending.append(turn.id) }
            checkNow(desk)
        }
        desk.machine.clearQueue()
        desk.end(because: .sessionEnded)
        for turn in pending + desk.shutTurns.map(\.id) { desk.complete(turn) }
        checkEnd(desk)
    }

    private func step(_ desk: inout Desk, _ random: inout Seeded, _ pending: inout [TurnID]) {
        let who = Self.names.randomElement(using: &random) ?? "alice"
        let named = desk.started.suffix(3).randomElement(using: &random)
        switch Int.random(in: 0..<11, using: &random) {
        case 0: desk.start(who)
        case 1, 2: desk.start(who, queue: true)
        case 3: desk.start(who, preempt: true, key: "ops")
        case 4: desk.end(named?.byID ?? TurnReference(), by: who)
        case 5: desk.end(named?.byEpoch ?? TurnReference(epoch: 0), by: nil)
        case 6: desk.end(named?.byBoth ?? TurnReference(), by: who, cancelling: true)
        case 7: desk.left(who)
        case 8: desk.offerExpired(desk.machine.offerNumber - Int.random(in: 0...1, using: &random))
        case 9:
            let reasons = [Turn.EndReason.maxTurn, .holderMuted, .holderUnpublished]
            desk.end(because: reasons.randomElement(using: &random) ?? .maxTurn)
        default: if !pending.isEmpty { desk.complete(pending.removeFirst()) }
        }
    }

    private func checkNow(_ desk: Desk) {
        let floor = desk.machine.floor
        #expect(floor.holder == nil || floor.offeredTo == nil)
        #expect(Set(floor.queue).count == floor.queue.count && floor.queue.count <= 4)
        #expect(floor.offeredTo.map { !floor.queue.contains($0) } ?? true)
        // Nobody waits for a floor that nobody has.
        #expect(floor.queue.isEmpty || floor.holder != nil || floor.offeredTo != nil)
    }

    private func checkEnd(_ desk: Desk) {
        #expect(desk.started.map(\.epoch) == desk.started.indices.map { Int64($0 + 1) })
        #expect(desk.machine.lastEpoch == Int64(desk.started.count) && desk.machine.current == nil)
        #expect(desk.ended.count == desk.started.count)
        #expect(Set(desk.ended.map(\.id)) == Set(desk.started.map(\.id)))
        for turn in desk.ended {
            #expect(turn.outcome == turn.endReason?.outcome(speechMs: turn.audio.speechMs))
            #expect(turn.endedAt.map { $0 >= turn.startedAt } ?? false)
        }
    }
}
