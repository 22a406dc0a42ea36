import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// What a participant is told that may not, to the letter.
struct TurnRefusalTests {
    @Test func floorTaken_namesHolderAndTurn() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        let text = try await stage.text("start_turn", by: "bob")
        #expect(
            text == #"{"code":"floor_taken","epoch":1,"error":"alice has the floor.","holder":"alice","#
                + #""success":false,"turn_id":"\#(turn.id)"}"#)
    }

    @Test func staleTurn_tellsThePresentOne_orThatThereIsNone() async throws {
        let stage = try await Stage()
        let none =
            #"{"code":"stale_turn","error":"That turn is over; no turn is under way.","success":false}"#
        #expect(try await stage.text("end_turn", by: "alice", #"{"epoch":1}"#) == none)
        #expect(try await stage.text("cancel_turn", by: "alice", #"{"turn_id":"nonsense"}"#) == none)
        try await stage.start()
        _ = try await stage.call("cancel_turn", by: "alice", #"{"epoch":1}"#)
        let turn = try await stage.start()
        let present =
            #"{"code":"stale_turn","epoch":2,"error":"That turn is over, or not the present one.","success":false,"#
            + #""turn_id":"\#(turn.id)"}"#
        for payload in [#"{"epoch":1}"#, #"{"epoch":3}"#, #"{"turn_id":"nonsense","epoch":2}"#, #"{"epoch":-1}"#] {
            #expect(try await stage.text("end_turn", by: "alice", payload) == present)
            #expect(try await stage.text("cancel_turn", by: "alice", payload) == present)
        }
        #expect(try await stage.session().turn == turn)
    }

    @Test func notHolder_andTurnRequired_changeNothing() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        #expect(
            try await stage.text("end_turn", by: "bob", #"{"epoch":1}"#)
                == #"{"code":"not_holder","error":"The turn is alice's.","holder":"alice","success":false}"#)
        let required =
            #"{"code":"turn_required","error":"The payload must name the turn, by turn_id or epoch.","success":false}"#
        for method in ["end_turn", "cancel_turn"] {
            #expect(try await stage.text(method, by: "alice") == required)
            #expect(try await stage.text(method, by: "alice", #"{"epoch":null}"#) == required)
        }
        #expect(try await stage.session().turn == turn)
    }

    @Test(arguments: [
        "[]", "null", "7", "\"x\"", "{", #"{"epoch":"1"}"#, #"{"epoch":1.5}"#, #"{"turn_id":1}"#, #"{"queue":"yes"}"#,
        #"{"epoch":99999999999999999999}"#,
    ])
    func aPayloadThatIsNoSuchObject_isInvalid_forEveryMethod(payload: String) async throws {
        let stage = try await Stage()
        for method in Bench.builtins {
            let answer = try await stage.call(method, by: "alice", payload)
            #expect(!answer.success && answer.code == "invalid_payload")
        }
        #expect(try await stage.session().turn == nil)
    }

    @Test func anEmptyOrBlankPayload_andUnknownMembers_areFine() async throws {
        let stage = try await Stage()
        #expect(try await stage.call("start_turn", by: "alice", " \n\t").success)
        #expect(try await stage.call("end_turn", by: "alice", #"{"epoch":1,"why":"done"}"#).success)
    }

    @Test func noFloor_whereTheModeIsOpen() async throws {
        let stage = try await Stage { $0.mode = .open }
        #expect(
            try await stage.text("start_turn", by: "alice")
                == #"{"code":"no_floor","error":"Everybody may speak here: the session has no floor to take.","success":false}"#
        )
        await #expect(throws: TurngateError.conflict(.turn(.noFloor))) {
            _ = try await stage.supervisor.startTurn(stage.id, TurnRequest(participant: "alice"), actor: nil)
        }
    }

    @Test func whoTakesNoTurns_orIsNotThere_isAbsent() async throws {
        let stage = try await Stage()
        stage.room.join("other-agent", kind: .agent)
        #expect(try await stage.shows { $0.participants.count == 3 })
        #expect(try await stage.call("start_turn", by: "other-agent").code == "participant_absent")
        await #expect(throws: TurngateError.conflict(.turn(.participantAbsent("ghost")))) {
            _ = try await stage.supervisor.startTurn(stage.id, TurnRequest(participant: "ghost"), actor: nil)
        }
    }

    @Test func notReady_whileTheRoomIsAway() async throws {
        let stage = try await Stage()
        try stage.connection.emit(.reconnecting)
        #expect(try await stage.shows { $0.status == .reconnecting })
        #expect(
            try await stage.text("start_turn", by: "alice")
                == #"{"code":"not_ready","error":"The session is reconnecting.","success":false}"#)
    }

    @Test(arguments: [AgentState.thinking, .speaking])
    func agentBusy_whereInterruptionsAreOff_changesNothing(state: AgentState) async throws {
        let stage = try await Stage { $0.allowInterruptions = false }
        _ = try await stage.supervisor.setAgentState(stage.id, to: state, reason: nil, actor: nil)
        let rows = stage.journal.entriesOfState.count
        #expect(
            try await stage.text("start_turn", by: "alice")
                == #"{"code":"agent_busy","error":"The agent is \#(state.rawValue) and is not to be interrupted.","success":false}"#
        )
        await #expect(throws: TurngateError.conflict(.turn(.agentBusy(state)))) {
            _ = try await stage.supervisor.startTurn(
                stage.id, TurnRequest(participant: "bob", preempt: true), actor: nil)
        }
        #expect(stage.journal.entriesOfState.count == rows)
        #expect(try await stage.session().agentState == state)
        #expect(try await stage.session().floor == Floor())
    }

    @Test(arguments: [AgentState.thinking, .speaking])
    func anInterruption_makesTheAgentListen_toldAsTheTurns_andNobodyIsToldToSpeak(state: AgentState) async throws {
        let stage = try await Stage()
        _ = try await stage.supervisor.setAgentState(stage.id, to: state, reason: nil, actor: nil)
        let turn = try await stage.start()
        let row = try #require(stage.journal.transitions.last)
        #expect(row.oldState == state && row.newState == .listening && row.cause == .rpc)
        #expect(row.actor == "alice" && row.reason == "start_turn" && row.turnID == turn.id)
        try stage.say(5)
        #expect(try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#).result?.audioMs == 100)
        #expect(stage.told.names.isEmpty && stage.journal.receipts.isEmpty)
    }

    @Test func turnState_tellsWhoHasTheFloor_whoWaits_andOnesOwnGate() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        _ = try await stage.call("start_turn", by: "bob", #"{"queue":true}"#)
        let mine = try await stage.text("get_turn_state", by: "alice")
        #expect(mine.contains(#""you":{"gate":"open","gate_reason":"turn","is_holder":true,"place":null}"#))
        #expect(mine.contains(#""turn_id":"\#(turn.id)""#) && mine.contains(#""agent_state":"listening""#))
        #expect(mine.contains(#""mode":"manual""#) && mine.hasSuffix(#""success":true}"#))
        let his = try await stage.text("get_turn_state", by: "bob")
        #expect(his.contains(#""floor":{"holder":"alice","offered_to":null,"queue":["bob"]}"#))
        #expect(his.contains(#""you":{"gate":"closed","gate_reason":"not_holder","is_holder":false,"place":1}"#))
    }
}
