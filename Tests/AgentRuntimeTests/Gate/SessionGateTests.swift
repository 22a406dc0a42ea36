import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// The gate of a session: told, set by hand, paused.
struct SessionGateTests {
    private func news(_ stage: Stage) throws -> [String] {
        try stage.connection.data(on: "turngate.gate").map { bytes in
            let news = try JSONDecoder().decode(News.self, from: Data(bytes))
            return "\(news.heard) \(news.agent_state) \(news.epoch.map(String.init) ?? "-")"
        }
    }

    private struct News: Decodable {
        var heard: [String]
        var agent_state: String
        var turn_id: String?
        var epoch: Int64?
    }

    @Test func whoIsHeard_isAnAttribute_andEveryChangeIsTold() async throws {
        let stage = try await Stage()
        let connection = try stage.connection
        #expect(connection.localParticipant.attributes["turngate.gate"] == "[]")
        try await stage.start()
        #expect(await eventually { connection.localParticipant.attributes["turngate.gate"] == #"["alice"]"# })
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        #expect(await eventually { connection.localParticipant.attributes["turngate.gate"] == "[]" })
        #expect(await eventually { connection.data(on: "turngate.gate").count == 2 })
        #expect(try news(stage) == [#"["alice"] listening 1"#, "[] listening -"])
    }

    @Test func inOpenMode_everybodyIsHeard_whileTheAgentListens() async throws {
        let stage = try await Stage { $0.mode = .open }
        #expect(try await stage.session().gates.map(\.isOpen) == [true, true])
        let reader = try await stage.supervisor.readAudio(stage.id, participant: "bob")
        try stage.say(3, as: "bob")
        _ = try await stage.supervisor.setAgentState(stage.id, to: .speaking, reason: nil, actor: nil)
        try stage.say(20, as: "bob")
        #expect(try await stage.session().gates.map(\.reason) == [.policy, .policy])
        _ = try await stage.supervisor.setAgentState(stage.id, to: .listening, reason: nil, actor: nil)
        try stage.say(3, as: "bob")
        // Nothing of what was said to the talking agent.
        #expect(await reader.rest() == [1001, 1002, 1003, 1024, 1025, 1026])
    }

    @Test func byHand_theHolderIsShut_andHeardAgain_andItsTurnGoesOn() async throws {
        let stage = try await Stage()
        let turn = try await stage.start()
        try stage.say(5)
        let shut = try await stage.supervisor.setAudioInput(
            stage.id, AudioInputChange(enabled: false, note: "music"), actor: "ops")
        #expect(shut.input.enabled == false && shut.input.reason == .api && shut.input.note == "music")
        #expect(shut.participants.map(\.reason) == [.api, .api])
        try stage.say(50)
        let open = try await stage.supervisor.setAudioInput(stage.id, AudioInputChange(enabled: true), actor: "ops")
        #expect(open.participants.map(\.isOpen) == [true, false])
        try stage.say(5)
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        let ended = try await stage.ended(turn.id)
        #expect(ended.audio.audioMs == 200 && ended.audio.droppedFrames == 0)
    }

    @Test func byHand_oneWhoIsNotThere_isAConflict_andNothingChanges() async throws {
        let stage = try await Stage()
        await #expect(throws: TurngateError.conflict(.turn(.participantAbsent("ghost")))) {
            _ = try await stage.supervisor.setAudioInput(
                stage.id, AudioInputChange(enabled: false, participants: ["alice", "ghost"]), actor: nil)
        }
        #expect(try await stage.supervisor.audioInput(stage.id).participants.map(\.reason) == [.noTurn, .noTurn])
    }

    @Test func openedByHand_outlivesAPatchOfOtherThings_andNotOneOfThePolicy() async throws {
        let stage = try await Stage { $0.mode = .open }
        _ = try await stage.supervisor.setAgentState(stage.id, to: .speaking, reason: nil, actor: nil)
        _ = try await stage.supervisor.setAudioInput(
            stage.id, AudioInputChange(enabled: true, note: "barge in"), actor: nil)
        _ = try await stage.supervisor.update(stage.id, with: SessionPatch(labels: ["a": "b"]), actor: nil)
        #expect(try await stage.session().audioInput.note == "barge in")
        var patch = TurnPolicyPatch()
        patch.preRollMs = 100
        _ = try await stage.supervisor.update(stage.id, with: SessionPatch(turnPolicy: patch), actor: nil)
        #expect(try await stage.session().audioInput.enabled == false)
    }

    @Test func inPauseMode_onlyTheHoldersTrackFlows_andThereIsNoPreRoll() async throws {
        let stage = try await Stage { $0.closedGate = .pause }
        let connection = try stage.connection
        #expect(await eventually { connection.flows("TR_alice") == false && connection.flows("TR_bob") == false })
        let turn = try await stage.start()
        #expect(await eventually { connection.flows("TR_alice") == true })
        try stage.say(10)
        _ = try await stage.call("end_turn", by: "alice", #"{"epoch":1}"#)
        #expect(await eventually { connection.flows("TR_alice") == false })
        let ended = try await stage.ended(turn.id)
        #expect(ended.audio.preRollMs == 0 && ended.audio.audioMs == 200)
        let flows = connection.log.filter { $0.hasPrefix("flow TR_alice") }
        #expect(flows == ["flow TR_alice off", "flow TR_alice on", "flow TR_alice off"])
        #expect(connection.log.filter { $0.hasPrefix("flow TR_bob") } == ["flow TR_bob off"])
    }

    @Test func fromPauseToDrop_andBack_theFlowFollowsThePolicy() async throws {
        let stage = try await Stage { $0.closedGate = .pause }
        let connection = try stage.connection
        #expect(await eventually { connection.flows("TR_alice") == false })
        for (mode, flows) in [(TurnPolicy.ClosedGate.drop, true), (.pause, false)] {
            var patch = TurnPolicyPatch()
            patch.closedGate = mode
            _ = try await stage.supervisor.update(stage.id, with: SessionPatch(turnPolicy: patch), actor: nil)
            #expect(await eventually { connection.flows("TR_alice") == flows && connection.flows("TR_bob") == flows })
        }
    }

    @Test func aTrackThatCannotBeHadAtFirst_isTriedAgain() async throws {
        let stage = try await Stage()
        stage.room.failReceiveAudio(with: .timeout("sfu"))
        stage.microphone(of: "alice", sid: "TR_new")
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 1 })
        stage.room.failReceiveAudio(with: nil)
        stage.clock.advance(by: .milliseconds(500))
        let connection = try stage.connection
        #expect(await eventually { connection.isReceiving("TR_new") })
    }

    @Test func whoIsNoPerson_isNotReceived_andNotShownWithAGate() async throws {
        let stage = try await Stage(people: ["alice"])
        stage.room.join("recorder", kind: .egress)
        stage.microphone(of: "recorder", sid: "TR_recorder")
        stage.room.join("carol")
        stage.microphone(of: "carol", sid: "TR_carol")
        let connection = try stage.connection
        #expect(await eventually { connection.isReceiving("TR_carol") })
        #expect(!connection.isReceiving("TR_recorder"))
        #expect(try await stage.session().gates.map(\.identity) == ["alice", "carol"])
    }

    @Test func readers_areShown_andBounded() async throws {
        var limits = Stage.limits
        limits.readers = 2
        let stage = try await Stage(limits: limits)
        let first = try await stage.supervisor.readAudio(stage.id, participant: nil)
        // Ids tell which is older only from one millisecond to the next.
        stage.clock.advance(by: .milliseconds(1))
        _ = try await stage.supervisor.readAudio(stage.id, participant: "alice")
        await #expect(throws: TurngateError.self) {
            _ = try await stage.supervisor.readAudio(stage.id, participant: nil)
        }
        #expect(try await stage.supervisor.audioInput(stage.id).readers.map(\.participant) == [nil, "alice"])
        first.close()
        #expect(try await stage.supervisor.audioInput(stage.id).readers.map(\.participant) == ["alice"])
    }
}
