import Domain
import Testing

/// One turn: how it begins, ends, and what it came to.
struct TurnMachineTests {
    @Test func start_ofAFreeFloor_isATurnOfTheCaller_andOpensTheGate() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice").turn)
        #expect(turn.holder == "alice" && turn.epoch == 1 && turn.status == .active)
        #expect(turn.outcome == nil && turn.endReason == nil && turn.endedAt == nil)
        #expect(turn.startCause == .rpc && turn.startActor == "alice")
        #expect(desk.actions == [.open(turn)])
        #expect(desk.machine.current == turn && desk.machine.floor == Floor(holder: "alice"))
    }

    @Test func start_byABackend_saysWhichKey() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice", key: "ops").turn)
        #expect(turn.startCause == .api && turn.startActor == "ops")
    }

    @Test func start_ofTheHolderItself_answersItsRunningTurn_andChangesNothing() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice").turn)
        let before = desk.machine
        for (queue, preempt) in [(false, false), (true, false), (false, true)] {
            let answer = desk.start("alice", queue: queue, preempt: preempt, key: preempt ? "ops" : nil)
            guard case .success(.running(turn)) = answer else {
                Issue.record("\(answer)")
                continue
            }
        }
        #expect(desk.machine == before)
    }

    @Test func start_ofATakenFloor_isRefusedNamingTheHolder_andChangesNothing() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice").turn)
        let before = desk.machine
        #expect(desk.start("bob").refusal == .floorTaken(holder: "alice", turn: turn.id, epoch: 1))
        #expect(desk.machine == before)
    }

    @Test(arguments: [
        (Turn.EndReason.endTurn, Int64(600), Turn.Outcome.committed), (.endTurn, 60, .committed),
        (.endTurn, 59, .empty),
        (.endTurn, 0, .empty), (.holderMuted, 600, .committed), (.holderMuted, 0, .empty),
        (.holderUnpublished, 600, .committed), (.holderUnpublished, 0, .empty), (.cancelTurn, 600, .cancelled),
        (.sessionEnded, 600, .cancelled), (.policyChanged, 600, .cancelled), (.maxTurn, 0, .timedOut),
        (.preempted, 600, .preempted), (.holderLeft, 600, .holderLeft),
    ])
    func everyReason_hasItsOutcome(reason: Turn.EndReason, speechMs: Int64, outcome: Turn.Outcome) throws {
        var desk = Desk()
        desk.audio = TurnAudioCounts(preRollMs: 20, audioMs: 700, speechMs: speechMs, droppedFrames: 2)
        let turn = try #require(desk.start("alice").turn)
        desk.end(because: reason)
        let ended = try #require(desk.ended.first)
        #expect(ended.id == turn.id && ended.status == .ended)
        #expect(ended.endReason == reason && ended.outcome == outcome && ended.audio == desk.audio)
        #expect(ended.endedAt == desk.clock && ended.audioKept == (outcome != .cancelled))
        #expect(desk.machine.current == nil && desk.machine.lastEnded == turn.id)
        // Only who said itself that it is over has last words on the way.
        #expect(desk.actions.contains(.shut(desk.shutTurns[0], keepsTail: reason == .endTurn)))
    }

    @Test(arguments: [Turn.EndReason.holderLeft, .sessionEnded, .maxTurn])
    func whatCutsTheLastWords_leavesTheTurnEndedByItsHolder(reason: Turn.EndReason) throws {
        var desk = Desk()
        desk.shutsAtOnce = false
        let turn = try #require(desk.start("alice").turn)
        desk.end(turn.byID, by: "alice")
        desk.end(because: reason)
        #expect(desk.actions.last == .shut(desk.shutTurns[0], keepsTail: false))
        let ended = desk.complete(turn.id)
        #expect(ended?.endReason == .endTurn && ended?.outcome == .committed)
    }

    @Test func aTurnThatCouldNotBeWrittenDown_hasNeverBeen() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice").turn)
        desk.start("bob", queue: true)
        desk.carryOut(desk.machine.withdraw(turn.id))
        #expect(desk.machine.floor == Floor(offeredTo: "bob") && desk.machine.lastEpoch == 0)
        let nothing = desk.machine.withdraw(turn.id)
        #expect(nothing.isEmpty)
        #expect(desk.start("bob").turn?.epoch == 1)
    }

    @Test func anEnd_beforeTheStartByTheWallClock_isNotEarlierThanIt() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice").turn)
        desk.shutsAtOnce = false
        desk.end(turn.byID, by: "alice")
        let decision = desk.machine.complete(
            turn.id, audio: desk.audio, audioKept: false, at: turn.startedAt + .seconds(-60))
        #expect(decision?.value.endedAt == turn.startedAt)
    }

    @Test func aTurnBeingEnded_keepsItsFloor_untilItIsComplete() throws {
        var desk = Desk()
        desk.shutsAtOnce = false
        let turn = try #require(desk.start("alice").turn)
        #expect(try desk.end(turn.byEpoch, by: "alice").get().status == .ending)
        #expect(desk.start("bob").refusal == .floorTaken(holder: "alice", turn: turn.id, epoch: 1))
        // Its own holder waits too: the turn is over for it.
        #expect(desk.start("alice").refusal == .floorTaken(holder: "alice", turn: turn.id, epoch: 1))
        #expect(desk.complete(turn.id)?.outcome == .committed)
        #expect(desk.start("bob").turn?.epoch == 2)
    }

    @Test func completing_whatIsNotBeingEnded_orTwice_isNothing() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice").turn)
        let before = desk.machine
        #expect(desk.complete(turn.id) == nil)
        #expect(desk.complete(TurnID(at: Desk.time)) == nil)
        #expect(desk.machine == before)
        desk.end(turn.byID, by: "alice")
        #expect(desk.complete(turn.id) == nil)
        #expect(desk.ended.count == 1)
    }

    @Test func anEndTwice_isToldTwice_andHappensOnce() throws {
        var desk = Desk()
        desk.shutsAtOnce = false
        let turn = try #require(desk.start("alice").turn)
        desk.end(turn.byID, by: "alice")
        let before = desk.machine
        #expect(try desk.end(turn.byID, by: "alice").get().id == turn.id)
        #expect(desk.machine == before && desk.shutTurns.count == 1)
    }

    @Test func aCancel_duringTheLastWords_takesTheTurnBack_andAnEndAfterACancelDoesNot() throws {
        var desk = Desk()
        desk.shutsAtOnce = false
        let turn = try #require(desk.start("alice").turn)
        desk.end(turn.byID, by: "alice")
        desk.end(turn.byID, by: "alice", cancelling: true)
        #expect(desk.shutTurns.map(\.endReason) == [.endTurn, .cancelTurn])
        desk.end(turn.byID, by: "alice")
        desk.end(because: .maxTurn)
        #expect(desk.shutTurns.count == 2)
        #expect(desk.complete(turn.id)?.outcome == .cancelled)
    }

    @Test func onlyTheHolder_mayEndItsTurn_orABackend() throws {
        var desk = Desk()
        let first = try #require(desk.start("alice").turn)
        let before = desk.machine
        for cancelling in [false, true] {
            #expect(
                desk.end(first.byBoth, by: "bob", cancelling: cancelling).refusal == .notHolder(holder: "alice"))
        }
        #expect(desk.machine == before)
        #expect(try desk.end(first.byID, by: nil).get().id == first.id)
        #expect(desk.ended.map(\.endReason) == [.endTurn])
    }

    @Test func anEnd_thatNamesNothing_isRefused_whetherOrNotThereIsATurn() {
        var desk = Desk()
        #expect(desk.end(TurnReference(), by: "alice").refusal == .turnRequired)
        desk.start("alice")
        #expect(desk.end(TurnReference(), by: "alice").refusal == .turnRequired)
        #expect(desk.end(TurnReference(), by: nil, cancelling: true).refusal == .turnRequired)
        #expect(desk.ended.isEmpty)
    }

    @Test func idAndEpochOfDifferentTurns_areStale() throws {
        var desk = Desk()
        let first = try #require(desk.start("alice").turn)
        desk.end(first.byID, by: "alice")
        let second = try #require(desk.start("alice").turn)
        let before = desk.machine
        let present = TurnRefusal.staleTurn(current: second.id, epoch: 2)
        #expect(desk.end(TurnReference(id: second.id, epoch: 1), by: "alice").refusal == present)
        #expect(desk.end(TurnReference(id: first.id, epoch: 2), by: "alice").refusal == present)
        #expect(desk.machine == before)
    }

    @Test func preempt_endsTheHoldersTurn_beforeTheNewOneOpens() throws {
        var desk = Desk()
        let first = try #require(desk.start("alice").turn)
        let second = try #require(desk.start("bob", preempt: true, key: "ops").turn)
        #expect(second.epoch == 2 && desk.machine.current?.holder == "bob")
        #expect(desk.ended.map(\.outcome) == [.preempted] && desk.ended.map(\.id) == [first.id])
        #expect(desk.machine.lastEnded == first.id)
        let order = desk.actions.map { action in
            switch action {
            case .open(let turn): "open \(turn.epoch)"
            case .shut(let turn, let keepsTail): "shut \(turn.epoch) \(keepsTail)"
            case .ended(let turn): "ended \(turn.epoch)"
            case .offer: "offer"
            }
        }
        #expect(order == ["open 1", "shut 1 false", "ended 1", "open 2"])
        #expect(desk.end(first.byID, by: "alice").refusal == .staleTurn(current: second.id, epoch: 2))
    }

    @Test func preempt_duringTheLastWords_cutsThem_andTheTurnStaysEndedByItsHolder() throws {
        var desk = Desk()
        desk.shutsAtOnce = false
        let first = try #require(desk.start("alice").turn)
        desk.end(first.byID, by: "alice")
        let second = try #require(desk.start("bob", preempt: true, key: "ops").turn)
        #expect(desk.complete(first.id)?.outcome == .committed)
        #expect(desk.complete(first.id) == nil)
        #expect(desk.machine.current?.id == second.id && desk.ended.count == 1)
    }

    @Test func twoPreemptions_beforeAnyIsComplete_bothGetTheirOutcome() throws {
        var desk = Desk()
        desk.shutsAtOnce = false
        let first = try #require(desk.start("alice").turn)
        let second = try #require(desk.start("bob", preempt: true, key: "ops").turn)
        desk.start("carol", preempt: true, key: "ops")
        #expect(desk.complete(second.id)?.outcome == .preempted)
        #expect(desk.complete(first.id)?.outcome == .preempted)
        #expect(desk.machine.current?.holder == "carol")
    }

    @Test func theHolderLeaving_endsItsTurn_othersDoNot() throws {
        var desk = Desk()
        desk.start("alice")
        desk.left("bob")
        #expect(desk.ended.isEmpty)
        desk.left("alice")
        #expect(desk.ended.map(\.outcome) == [.holderLeft] && desk.machine.current == nil)
    }

    @Test func anEndForAnotherTurn_isNothing() throws {
        var desk = Desk()
        let turn = try #require(desk.start("alice").turn)
        #expect(desk.machine.end(TurnID(at: Desk.time), because: .maxTurn).isEmpty)
        #expect(desk.machine.current == turn)
        #expect(!desk.machine.end(turn.id, because: .maxTurn).isEmpty)
    }
}

extension Desk {
    /// The turns whose gate was to be shut, in order.
    var shutTurns: [Turn] {
        actions.compactMap { if case .shut(let turn, _) = $0 { turn } else { nil } }
    }
}
