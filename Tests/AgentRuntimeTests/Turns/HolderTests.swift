import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// What becomes of a turn when its holder goes, mutes, changes the microphone, or
/// the room is lost; and the other ends that nobody asked for.
struct HolderTests {
    @Test func aTurnAtItsLimit_isTimedOut() async throws {
        // The last frame is in by then: at the limit itself, either may come first.
        let stage = try await Stage { $0.maxTurnMs = 2001 }
        let turn = try await stage.start()
        try stage.say(100)
        #expect(try await stage.session().turn?.status == .active)
        stage.clock.advance(by: .milliseconds(1))
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .timedOut && ended.endReason == .maxTurn && ended.audio.speechMs == 2000)
        #expect(try await eventually { try await stage.session().floor == Floor() })
    }

    @Test func theLimitOfAnEarlierTurn_doesNotEndALaterOne() async throws {
        let stage = try await Stage { $0.maxTurnMs = 2000 }
        try await stage.start()
        stage.clock.advance(by: .seconds(1))
        _ = try await stage.call("cancel_turn", by: "alice", #"{"epoch":1}"#)
        let second = try await stage.start()
        stage.clock.advance(by: .milliseconds(1900))
        #expect(try await stage.session().turn?.id == second.id)
        stage.clock.advance(by: .milliseconds(100))
        #expect(try await stage.ended(second.id).outcome == .timedOut)
    }

    @Test func anotherLimit_countsForTheRunningTurn() async throws {
        let stage = try await Stage { $0.maxTurnMs = 60_000 }
        let turn = try await stage.start()
        stage.clock.advance(by: .seconds(1))
        var patch = TurnPolicyPatch()
        patch.maxTurnMs = 3000
        _ = try await stage.supervisor.update(stage.id, with: SessionPatch(turnPolicy: patch), actor: nil)
        #expect(try await stage.session().turn?.id == turn.id)
        stage.clock.advance(by: .seconds(2))
        #expect(try await stage.ended(turn.id).outcome == .timedOut)
    }

    @Test func muteAndUnmute_withinTheGrace_goOn() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        stage.microphone(of: "alice", sid: "TR_alice", muted: true)
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 2 })
        stage.clock.advance(by: .milliseconds(999))
        stage.microphone(of: "alice", sid: "TR_alice")
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 1 })
        stage.clock.advance(by: .seconds(2))
        #expect(try await stage.session().turn?.id == turn.id)
        try stage.say(10)
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        #expect(try await stage.ended(turn.id).audio.audioMs == 400)
    }

    @Test(arguments: [true, false])
    func muting_beyondTheGrace_endsTheTurnLikeAnEnd(hasSpoken: Bool) async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        if hasSpoken { try stage.say(10) }
        stage.microphone(of: "alice", sid: "TR_alice", muted: true)
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 2 })
        stage.clock.advance(by: .seconds(1))
        let ended = try await stage.ended(turn.id)
        #expect(ended.endReason == .holderMuted && ended.outcome == (hasSpoken ? .committed : .empty))
        #expect(try await stage.session().floor == Floor())
    }

    @Test func anotherMicrophone_withinTheGrace_isTheSameTurn() async throws {
        let stage = try await Stage()
        let reader = try await stage.supervisor.readAudio(stage.id, participant: nil)
        let turn = try await stage.start()
        try stage.say(10)
        stage.microphone(of: "alice", sid: nil)
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 2 })
        stage.clock.advance(by: .milliseconds(900))
        stage.microphone(of: "alice", sid: "TR_headset")
        let connection = try stage.connection
        #expect(await eventually { connection.isReceiving("TR_headset") && !connection.isReceiving("TR_alice") })
        stage.clock.advance(by: .seconds(3))
        try stage.say(10, on: "TR_headset")
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .committed && ended.audio.audioMs == 400 && ended.audio.droppedFrames == 0)
        #expect(await reader.rest() == Array(1001...1020))
    }

    @Test func unpublishing_beyondTheGrace_endsTheTurn() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        stage.microphone(of: "alice", sid: nil)
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 2 })
        stage.clock.advance(by: .seconds(1))
        let ended = try await stage.ended(turn.id)
        #expect(ended.endReason == .holderUnpublished && ended.outcome == .committed)
    }

    @Test func whoHasNoMicrophoneYet_hasLongerToBringOne() async throws {
        let stage = try await Stage()
        stage.microphone(of: "alice", sid: nil)
        #expect(try await stage.shows { $0.gates.first?.reason == .unavailable })
        let turn = try await stage.start()
        stage.clock.advance(by: .milliseconds(4900))
        #expect(try await stage.session().turn?.id == turn.id)
        stage.microphone(of: "alice", sid: "TR_late")
        let connection = try stage.connection
        #expect(await eventually { connection.isReceiving("TR_late") })
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 1 })
        stage.clock.advance(by: .seconds(3))
        try stage.say(5, on: "TR_late")
        #expect(try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#).result?.audioMs == 100)
        stage.microphone(of: "alice", sid: nil)
        #expect(try await stage.shows { $0.gates.first?.reason == .unavailable })
        let second = try await stage.start()
        stage.clock.advance(by: .seconds(5))
        #expect(try await stage.ended(second.id).outcome == .empty)
    }

    @Test func theHolderLeaving_endsItsTurnAtOnce() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        stage.room.leave("alice")
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .holderLeft && ended.endReason == .holderLeft && ended.audio.audioMs == 200)
        #expect(try await stage.shows { $0.floor == Floor() && $0.gates.map(\.identity) == ["bob"] })
    }

    @Test func aBrokenConnection_isNoEnd_whereTheHolderIsThereAfterwards() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        try stage.connection.emit(.reconnecting)
        #expect(try await stage.shows { $0.status == .reconnecting })
        stage.clock.advance(by: .seconds(10))
        try stage.connection.emit(.reconnected)
        #expect(try await stage.shows { $0.status == .active })
        try stage.say(10)
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        #expect(try await stage.ended(turn.id).audio.audioMs == 400)
    }

    @Test func aRejoin_receivesAllTracksAgain_andTheTurnGoesOn() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        let first = try stage.connection
        first.emit(.disconnected(.connectionLost))
        #expect(await eventually { stage.room.current !== first })
        let second = try stage.connection
        #expect(try await stage.shows { $0.status == .active })
        #expect(await eventually { second.isReceiving("TR_alice") && second.isReceiving("TR_bob") })
        #expect(await eventually { second.localParticipant.attributes["turngate.gate"] == #"["alice"]"# })
        try stage.say(10)
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .committed && ended.audio.audioMs == 400)
    }

    @Test(arguments: [true, false])
    func aHolderGoneAfterAReconnect_hasLeft(isRejoin: Bool) async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        let first = try stage.connection
        if isRejoin {
            stage.room.failJoins(with: .unreachable("restarting"))
            first.emit(.disconnected(.connectionLost))
            #expect(try await stage.shows { $0.status == .reconnecting })
            stage.room.leave("alice")
            #expect(stage.journal.turns.count == 1)
            stage.room.failJoins(with: nil)
            #expect(
                await eventually {
                    stage.clock.advance(by: .milliseconds(200))
                    return stage.room.current !== first
                })
        } else {
            first.emit(.reconnecting)
            #expect(try await stage.shows { $0.status == .reconnecting })
            stage.room.leave("alice")
            first.emit(.reconnected)
        }
        #expect(try await stage.ended(turn.id).outcome == .holderLeft)
    }

    @Test func aHandOnSomebodyWhoLeftWhileTheRoomWasAway_doesNotWaitForTheNextOfItsName() async throws {
        let stage = try await Stage { $0.mode = .open }
        _ = try await stage.supervisor.setAudioInput(
            stage.id, AudioInputChange(enabled: false, participants: ["bob"]), actor: nil)
        let first = try stage.connection
        stage.room.failJoins(with: .unreachable("restarting"))
        first.emit(.disconnected(.connectionLost))
        #expect(try await stage.shows { $0.status == .reconnecting })
        stage.room.leave("bob")
        stage.room.failJoins(with: nil)
        #expect(
            await eventually {
                stage.clock.advance(by: .milliseconds(200))
                return stage.room.current !== first
            })
        #expect(try await stage.shows { $0.status == .active && $0.gates.count == 1 })
        stage.room.join("bob")
        stage.microphone(of: "bob", sid: "TR_bob")
        #expect(try await stage.shows { $0.gates.map(\.isOpen) == [true, true] })
    }

    @Test func theSessionsEnd_cancelsTheTurn_beforeTheEndIsWritten() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(10)
        let reader = try await stage.supervisor.readAudio(stage.id, participant: nil)
        _ = try await stage.supervisor.end(stage.id, actor: nil)
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .cancelled && ended.endReason == .sessionEnded)
        guard case .session(let progress) = stage.journal.entries.last else {
            Issue.record("the end is not the last entry")
            return
        }
        #expect(progress.status == .ended)
        #expect(await reader.next() == nil)
    }

    @Test func anEndedSession_isLetGo_alsoWithATailThatWasCut() async throws {
        let stage = try await Stage(lag: .milliseconds(100))
        try await stage.start()
        try stage.say(5)
        _ = try stage.connection.invoke("end_turn", by: "alice", payload: #"{"epoch":1}"#)
        #expect(try await stage.shows { $0.turn?.status == .ending })
        let held = weakly(stage.supervisor.liveSession(stage.id))
        #expect(held() != nil)
        _ = try await stage.supervisor.end(stage.id, actor: nil)
        #expect(await eventually(within: .seconds(10)) { held() == nil })
    }

    private func weakly(_ session: LiveSession?) -> @Sendable () -> LiveSession? { { [weak session] in session } }

    @Test func aPolicyOfNoFloor_endsTheTurn_andEverybodyIsHeard() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        _ = try await stage.call("start_turn", by: "bob", #"{"queue":true}"#)
        var patch = TurnPolicyPatch()
        patch.mode = .open
        _ = try await stage.supervisor.update(stage.id, with: SessionPatch(turnPolicy: patch), actor: nil)
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .cancelled && ended.endReason == .policyChanged)
        let session = try await stage.session()
        #expect(session.floor == Floor() && session.gates.map(\.isOpen) == [true, true])
        #expect(stage.told.names.isEmpty)
    }
}
