import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// Turns by RPC and by the API: what is answered, shown, written and heard.
struct TurnCallTests {
    @Test func startByRPC_answersTheTurn_isWrittenDown_andTheCallerIsHeard() async throws {
        let stage = try await Stage()
        let reader = try await stage.supervisor.readAudio(stage.id, participant: nil)
        try stage.say(30)
        let answer = try await stage.call("start_turn", by: "alice")
        let turn = try #require(try await stage.session().turn)
        #expect(answer.success && answer.result?.turnID == turn.id.description && answer.result?.epoch == 1)
        #expect(answer.result?.holder == "alice" && answer.result?.status == "active")
        #expect(answer.result?.preRollMs == 500 && answer.result?.alreadyStarted == nil)
        #expect(stage.journal.turns.map(\.id) == [turn.id] && stage.journal.turns[0].status == .active)
        #expect(turn.startCause == .rpc && turn.startActor == "alice")
        try stage.say(10)
        try stage.say(10, as: "bob")
        #expect(await reader.rest() == Array(1006...1040))
        #expect(try await stage.session().floor == Floor(holder: "alice"))
        #expect(try await stage.session().gates.map(\.reason) == [.turn, .notHolder])
    }

    @Test(arguments: ["turn_id", "epoch", "both"])
    func endByRPC_commitsTheTurn_andFreesTheFloor(naming: String) async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        let payload =
            switch naming {
            case "turn_id": #"{"turn_id":"\#(turn.id)"}"#
            case "epoch": #"{"epoch":1}"#
            default: #"{"turn_id":"\#(turn.id)","epoch":1}"#
            }
        let answer = try await stage.call("end_turn", by: "alice", payload)
        #expect(answer.success && answer.result?.outcome == "committed" && answer.result?.status == "ended")
        #expect(answer.result?.audioMs == 200 && answer.result?.speechMs == 200)
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .committed && ended.endReason == .endTurn && ended.audio.audioMs == 200)
        let session = try await stage.session()
        #expect(session.turn == nil && session.floor == Floor() && session.gates.map(\.reason) == [.noTurn, .noTurn])
    }

    @Test func anEnd_withLastWordsOnTheWay_waitsForThem() async throws {
        let stage = try await Stage(lag: .milliseconds(60))
        let turn = try await stage.start()
        try stage.say(10)
        let connection = try stage.connection
        let handle = connection.invoke("end_turn", by: "alice", payload: #"{"epoch":1}"#)
        #expect(try await stage.shows { $0.turn?.status == .ending })
        #expect(connection.answer(to: handle) == nil)
        // The backend thinks at once: that does not cut the last words off.
        _ = try await stage.supervisor.setAgentState(stage.id, to: .thinking, reason: nil, actor: nil)
        try stage.say(20)
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .committed && ended.audio.audioMs == 260)
        #expect(await eventually { connection.answer(to: handle) != nil })
    }

    @Test func lastWordsThatDoNotCome_areNotWaitedForLong() async throws {
        let stage = try await Stage(lag: .milliseconds(60))
        let turn = try await stage.start()
        try stage.say(10)
        _ = try stage.connection.invoke("end_turn", by: "alice", payload: #"{"epoch":1}"#)
        #expect(try await stage.shows { $0.turn?.status == .ending })
        stage.clock.advance(by: .milliseconds(260))
        #expect(try await stage.ended(turn.id).audio.audioMs == 200)
    }

    @Test func aCancel_duringTheLastWords_takesTheTurnBack() async throws {
        let stage = try await Stage(lag: .milliseconds(100))
        let turn = try await stage.start()
        try stage.say(10)
        let connection = try stage.connection
        let end = connection.invoke("end_turn", by: "alice", payload: #"{"epoch":1}"#)
        #expect(try await stage.shows { $0.turn?.status == .ending })
        let answer = try await stage.call("cancel_turn", by: "alice", #"{"epoch":1}"#)
        #expect(answer.result?.outcome == "cancelled")
        #expect(await eventually { connection.answer(to: end) != nil })
        #expect(try await stage.ended(turn.id).outcome == .cancelled)
        #expect(stage.journal.turns.count { $0.status == .ended } == 1)
    }

    @Test func aStart_duringTheLastWords_waitsForTheFloor_andThenHasIt() async throws {
        let stage = try await Stage(lag: .milliseconds(60))
        let turn = try await stage.start()
        try stage.say(5)
        let connection = try stage.connection
        _ = connection.invoke("end_turn", by: "alice", payload: #"{"epoch":1}"#)
        #expect(try await stage.shows { $0.turn?.status == .ending })
        let start = connection.invoke("start_turn", by: "bob", payload: "")
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 3 })
        #expect(connection.answer(to: start) == nil)
        try stage.say(3)
        #expect(try await stage.shows { $0.turn?.holder == "bob" })
        #expect(try await stage.ended(turn.id).audio.audioMs == 160)
    }

    @Test func anEmptyTurn_isEmpty_andACancelledOneKeepsNothing() async throws {
        let stage = try await Stage { $0.keepTurnAudio = true }
        let quiet = try await stage.start()
        #expect(try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#).result?.outcome == "empty")
        let taken = try await stage.start()
        try stage.say(10)
        #expect(try await stage.call("cancel_turn", by: "alice", #"{"epoch":2}"#).result?.outcome == "cancelled")
        stage.bench.store.put([try await stage.ended(quiet.id), try await stage.ended(taken.id)], of: stage.id)
        for turn in [quiet, taken] {
            await #expect(throws: TurngateError.notFound(.turnAudio)) {
                _ = try await stage.supervisor.turnAudio(stage.id, turn.id)
            }
        }
    }

    @Test func keptAudio_isTheTurnAsItPassed_preRollFirst() async throws {
        let stage = try await Stage { $0.keepTurnAudio = true }
        try stage.say(30)
        let turn = try await stage.start()
        try stage.say(10)
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        stage.bench.store.put([try await stage.ended(turn.id)], of: stage.id)
        #expect(try await stage.supervisor.turn(stage.id, turn.id).audioKept)
        let samples = try await stage.supervisor.turnAudio(stage.id, turn.id).samples
        let numbers = stride(from: 0, to: samples.count, by: AudioFrame.sampleCount).map { Int(samples[$0]) }
        #expect(numbers == Array(1006...1040))
        stage.clock.advance(by: RuntimeLimits().turnAudioTime)
        #expect(try await stage.supervisor.turn(stage.id, turn.id).audioKept == false)
    }

    @Test func theAPI_startsEndsAndCancels_forAnybody() async throws {
        let stage = try await Stage()
        guard
            case .started(let first) = try await stage.supervisor.startTurn(
                stage.id, TurnRequest(participant: "bob"), actor: "ops")
        else { throw Missing() }
        #expect(first.holder == "bob" && first.startCause == .api && first.startActor == "ops")
        guard
            case .running(let again) = try await stage.supervisor.startTurn(
                stage.id, TurnRequest(participant: "bob"), actor: "ops")
        else { throw Missing() }
        #expect(again.id == first.id)
        try stage.say(10, as: "bob")
        let ended = try await stage.supervisor.endTurn(stage.id, TurnReference(epoch: 1), actor: "ops")
        #expect(ended.outcome == .committed && ended.epoch == 1)
        guard
            case .started(let second) = try await stage.supervisor.startTurn(
                stage.id, TurnRequest(participant: "alice"), actor: nil)
        else { throw Missing() }
        let cancelled = try await stage.supervisor.cancelTurn(stage.id, TurnReference(id: second.id), actor: nil)
        #expect(cancelled.outcome == .cancelled && cancelled.epoch == 2)
    }

    private struct Missing: Error {}

    @Test func aStaleTurn_isAConflictThatTellsThePresentOne_alsoOneThatNeverWas() async throws {
        let stage = try await Stage()
        let first = try await stage.start()
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        let second = try await stage.start("bob")
        stage.bench.store.put([try await stage.ended(first.id)], of: stage.id)
        await #expect(throws: TurngateError.conflict(.turn(.staleTurn(current: second.id, epoch: 2)))) {
            _ = try await stage.supervisor.endTurn(stage.id, TurnReference(id: first.id), actor: nil)
        }
        await #expect(throws: TurngateError.conflict(.turn(.staleTurn(current: second.id, epoch: 2)))) {
            _ = try await stage.supervisor.cancelTurn(stage.id, TurnReference(epoch: 1), actor: nil)
        }
        await #expect(throws: TurngateError.conflict(.turn(.staleTurn(current: second.id, epoch: 2)))) {
            _ = try await stage.supervisor.endTurn(
                stage.id, TurnReference(id: TurnID(at: stage.clock.now)), actor: nil)
        }
        #expect(try await stage.session().turn == second)
    }

    @Test func aRaceOfTwo_hasOneHolder_andTheOtherIsToldWho() async throws {
        let stage = try await Stage()
        for epoch in 1...50 {
            let connection = try stage.connection
            let handles = ["alice", "bob"].map { connection.invoke("start_turn", by: $0, payload: "") }
            #expect(await eventually { handles.allSatisfy { connection.answer(to: $0) != nil } })
            let answers = try handles.map { handle in
                try JSONDecoder().decode(
                    Answer.self, from: Data(try #require(try connection.answer(to: handle)?.get()).utf8))
            }
            let turn = try #require(try await stage.session().turn)
            #expect(turn.epoch == Int64(epoch))
            let loser = try #require(answers.first { !$0.success })
            #expect(answers.count { $0.success } == 1)
            #expect(loser.code == "floor_taken" && loser.holder == turn.holder && loser.epoch == turn.epoch)
            _ = try await stage.call("cancel_turn", by: turn.holder, #"{"epoch":\#(epoch)}"#)
        }
    }

    @Test func startingAgain_answersTheRunningTurn() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(5)
        let answer = try await stage.call("start_turn", by: "alice")
        #expect(answer.result?.alreadyStarted == true && answer.result?.turnID == turn.id.description)
        #expect(stage.journal.turns.count == 1)
    }

    @Test func aFullJournal_startsNoTurn_andHeardIsNobody() async throws {
        let stage = try await Stage()
        stage.journal.beFull(true)
        let answer = try await stage.call("start_turn", by: "alice")
        #expect(answer.success == false && answer.code == "overloaded")
        stage.journal.beFull(false)
        #expect(try await stage.session().turn == nil)
        #expect(try await stage.start().epoch == 1)
    }

    @Test func aTurn_inAListReadWhileItBecomesDurable_isShownAsItStands() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        // The store answers with the row as it was when the turn began.
        let gate = FakeGate()
        stage.bench.store.put([turn], of: stage.id)
        stage.bench.store.holdTurns(at: gate)
        stage.journal.answer(.pending)
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        async let listed = stage.supervisor.turns(stage.id, TurnQuery())
        #expect(await eventually { gate.arrivals == 1 })
        stage.journal.answer(.durable)
        let live = try #require(stage.supervisor.liveSession(stage.id))
        #expect(await eventually { await live.turnsAtHand.isEmpty })
        gate.open()
        #expect(try await listed.turns.map(\.outcome) == [.committed])
    }
}
