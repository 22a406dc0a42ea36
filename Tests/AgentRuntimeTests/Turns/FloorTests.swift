import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// The queue, its offers, and preemption in a session.
struct FloorTests {
    private static let people = ["alice", "bob", "carol"]
    private static let waits = #"{"queue":true}"#

    @Test func whoAsksTo_waits_andTheNextAloneIsToldWhenTheFloorIsFree() async throws {
        let stage = try await Stage(people: Self.people)
        try await stage.start()
        let bob = try await stage.call("start_turn", by: "bob", Self.waits)
        #expect(bob.success && bob.result?.queued == true && bob.result?.place == 1 && bob.result?.holder == "alice")
        #expect(try await stage.call("start_turn", by: "carol", Self.waits).result?.place == 2)
        #expect(try await stage.session().floor.queue == ["bob", "carol"])
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        #expect(await eventually { stage.told.names == ["bob"] })
        #expect(stage.told.payloads == [#"{"turn_offer":true,"expires_in_ms":5000}"#])
        #expect(try await stage.session().floor == Floor(offeredTo: "bob", queue: ["carol"]))
        let taken = try await stage.call("start_turn", by: "alice")
        #expect(taken.code == "floor_taken" && taken.holder == "bob" && taken.turnID == nil)
        #expect(taken.error == "The floor is kept for bob.")
        try await stage.start("bob")
        stage.clock.advance(by: .seconds(5))
        #expect(try await stage.shows { $0.turn?.holder == "bob" && $0.floor.queue == ["carol"] })
        #expect(stage.told.names == ["bob"])
    }

    @Test func anOfferNotTaken_goesToTheNextAfterFiveSeconds_andTheFloorIsFreeAfterTheLast() async throws {
        let stage = try await Stage(people: Self.people)
        try await stage.start()
        for name in ["bob", "carol"] { _ = try await stage.call("start_turn", by: name, Self.waits) }
        _ = try await stage.call("cancel_turn", by: "alice", #"{"epoch":1}"#)
        #expect(try await stage.shows { $0.floor.offeredTo == "bob" })
        stage.clock.advance(by: .milliseconds(4999))
        #expect(try await stage.session().floor.offeredTo == "bob")
        stage.clock.advance(by: .milliseconds(1))
        #expect(try await stage.shows { $0.floor.offeredTo == "carol" })
        #expect(await eventually { stage.told.names == ["bob", "carol"] })
        stage.clock.advance(by: .seconds(5))
        #expect(try await stage.shows { $0.floor == Floor() })
        #expect(try await stage.start("bob").epoch == 2)
    }

    @Test func cancelWithoutATurn_leavesTheQueue_orTheOffer() async throws {
        let stage = try await Stage(people: Self.people)
        try await stage.start()
        for name in ["bob", "carol"] { _ = try await stage.call("start_turn", by: name, Self.waits) }
        #expect(try await stage.call("cancel_turn", by: "bob").result?.leftQueue == true)
        #expect(try await stage.session().floor.queue == ["carol"])
        #expect(try await stage.call("cancel_turn", by: "bob").code == "turn_required")
        _ = try await stage.call("cancel_turn", by: "alice", #"{"epoch":1}"#)
        #expect(try await stage.shows { $0.floor.offeredTo == "carol" })
        #expect(try await stage.call("cancel_turn", by: "carol").result?.leftQueue == true)
        #expect(try await stage.session().floor == Floor())
    }

    @Test func theNextLeaving_handsTheOfferOn() async throws {
        let stage = try await Stage(people: Self.people)
        try await stage.start()
        for name in ["bob", "carol"] { _ = try await stage.call("start_turn", by: name, Self.waits) }
        stage.room.leave("alice")
        #expect(await eventually { stage.told.names == ["bob"] })
        stage.room.leave("bob")
        #expect(try await stage.shows { $0.floor == Floor(offeredTo: "carol") })
        #expect(await eventually { stage.told.names == ["bob", "carol"] })
    }

    @Test func thePolicysOwnPayload_isUsedForOffers() async throws {
        let stage = try await Stage { $0.notification.payload = "yours" }
        try await stage.start()
        _ = try await stage.call("start_turn", by: "bob", Self.waits)
        _ = try await stage.call("cancel_turn", by: "alice", #"{"epoch":1}"#)
        #expect(await eventually { stage.told.payloads == ["yours"] })
        #expect(await eventually { stage.journal.receipts.map { $0.recipients.map(\.identity) } == [["bob"]] })
    }

    @Test func thoseWhoWaitedAndAreGoneAfterAReconnect_areOfferedNothing() async throws {
        let stage = try await Stage(people: Self.people)
        try await stage.start()
        for name in ["bob", "carol"] { _ = try await stage.call("start_turn", by: name, Self.waits) }
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
        #expect(try await stage.shows { $0.status == .active && $0.floor.queue == ["carol"] })
        #expect(try await stage.session().turn?.holder == "alice")
    }

    @Test func aPreemption_givesTheFloorWithThePreRoll_andTheOtherIsHeardNoMore() async throws {
        let stage = try await Stage()
        let reader = try await stage.supervisor.readAudio(stage.id, participant: nil)
        let first = try await stage.start()
        try stage.say(10)
        try stage.say(30, as: "bob")
        guard
            case .started(let second) = try await stage.supervisor.startTurn(
                stage.id, TurnRequest(participant: "bob", preempt: true), actor: "ops")
        else {
            Issue.record("not started")
            return
        }
        #expect(second.epoch == 2 && second.audio.preRollMs == 500)
        try stage.say(10)
        try stage.say(10, as: "bob")
        let ended = try await stage.ended(first.id)
        #expect(ended.outcome == .preempted && ended.audio.audioMs == 200)
        #expect(await reader.rest() == Array(1001...1010) + Array(1006...1040))
        #expect(try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#).code == "stale_turn")
        let done = try await stage.call("end_turn", by: "bob", #"{"epoch":2}"#)
        #expect(done.result?.audioMs == 700 && done.result?.preRollMs == 500)
    }

    @Test func aPreemptionWhileTheAgentSpeaks_doesNotOpenTheOldHoldersGateOnceMore() async throws {
        let stage = try await Stage()
        let first = try await stage.start()
        try stage.say(5)
        _ = try await stage.supervisor.setAgentState(stage.id, to: .speaking, reason: nil, actor: nil)
        try stage.say(30)
        try stage.say(30, as: "bob")
        _ = try await stage.supervisor.startTurn(
            stage.id, TurnRequest(participant: "bob", preempt: true), actor: "ops")
        #expect(try await stage.ended(first.id).audio.audioMs == 100)
        #expect(try await stage.session().turn?.audio.preRollMs == 500)
    }
}
