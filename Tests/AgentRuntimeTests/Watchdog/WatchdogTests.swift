import Domain
import Foundation
import Metrics
import TestSupport
import Testing

@testable import AgentRuntime

/// What goes wrong is found within a second, mended, and written down.
struct WatchdogTests {
    /// How often the watchdog looks.
    private static let look = RuntimeLimits().watchInterval

    private func stage(
        people: [String] = ["alice", "bob"], _ change: (inout TurnPolicy) -> Void = { _ in }
    ) async throws -> Stage {
        try await Stage(people: people, limits: RuntimeLimits(), change)
    }

    private func live(_ stage: Stage) throws -> LiveSession {
        try #require(stage.supervisor.liveSession(stage.id))
    }

    /// Lets 400 ms go by and the watchdog look; `frames` of alice arrive before.
    private func look(_ stage: Stage, frames: Int = 0, sleepers: Int = Bench.idleSleepers) async throws {
        for _ in 0..<frames { try stage.connection.hear(AudioFrame(number: 1000), on: "TR_alice") }
        stage.clock.advance(by: Self.look)
        for _ in 0..<1_000_000 {
            if stage.clock.sleeperCount >= sleepers { return }
            await Task.yield()
        }
        Issue.record("the watchdog does not sleep again")
    }

    @Test func anOpenGateWithoutFrames_isTakenUpAnewWithinASecond_andReportedHealed() async throws {
        let stage = try await stage()
        let turn = try await stage.start()
        let connection = try stage.connection
        // It comes, and then no more.
        try await look(stage, frames: 20, sleepers: 2)
        try await look(stage, sleepers: 2)
        #expect(
            await eventually(within: .seconds(10)) {
                connection.log.contains("stop TR_alice") && connection.isReceiving("TR_alice")
            })
        #expect(stage.clock.uptime <= .seconds(1) && stage.journal.incidents.isEmpty)
        try await look(stage, frames: 20, sleepers: 2)
        #expect(await eventually(within: .seconds(10)) { stage.journal.incidents.count == 1 })
        let found = stage.journal.incidents[0]
        #expect(found.finding == .noFrames && found.participant == "alice" && found.turnID == turn.id)
        #expect(found.healed && found.seq == 1 && found.sessionID == stage.id)
        for _ in 0..<5 { try await look(stage, frames: 20, sleepers: 2) }
        #expect(stage.journal.incidents.count == 1)
    }

    @Test func aTrackThatStaysSilent_isReportedOnceAsNotHealed() async throws {
        let stage = try await stage()
        try await stage.start()
        try await look(stage, frames: 20, sleepers: 2)
        for _ in 0..<12 { try await look(stage, sleepers: 2) }
        #expect(await eventually(within: .seconds(10)) { stage.journal.incidents.map(\.healed) == [false] })
        #expect(try stage.connection.log.count { $0 == "stop TR_alice" } == 1)
        // It comes back, and goes again: that is another one.
        try await look(stage, frames: 20, sleepers: 2)
        for _ in 0..<10 { try await look(stage, sleepers: 2) }
        #expect(await eventually(within: .seconds(10)) { stage.journal.incidents.map(\.healed) == [false, false] })
    }

    @Test func aSilenceThatTheTurnsEndCutShort_isReportedAllTheSame() async throws {
        let stage = try await stage()
        try await stage.start()
        let connection = try stage.connection
        try await look(stage, frames: 20, sleepers: 2)
        for _ in 0..<2 { try await look(stage, sleepers: 2) }
        #expect(await eventually(within: .seconds(10)) { connection.log.contains("stop TR_alice") })
        _ = try await stage.call("cancel_turn", by: "alice", #"{"epoch":1}"#)
        try await look(stage)
        #expect(await eventually(within: .seconds(10)) { stage.journal.incidents.map(\.healed) == [false] })
    }

    @Test func aMutedHolder_isNotCalledSilent() async throws {
        let stage = try await stage()
        try await stage.start()
        stage.microphone(of: "alice", sid: "TR_alice", muted: true)
        #expect(await eventually(within: .seconds(10)) { stage.clock.sleeperCount == Bench.idleSleepers + 2 })
        for _ in 0..<5 { try await look(stage) }
        #expect(stage.journal.incidents.isEmpty)
    }

    @Test func aTrackThatWasNeverHad_isHadAfterAll() async throws {
        let stage = try await stage()
        stage.room.failReceiveAudio(with: .timeout("sfu"))
        stage.microphone(of: "alice", sid: "TR_new")
        let connection = try stage.connection
        // Five tries, half a second apart, and no more; twice, since the turn asks anew.
        let live = try live(stage)
        try await giveUp(stage, live)
        try await stage.start()
        try await giveUp(stage, live)
        stage.room.failReceiveAudio(with: nil)
        #expect(
            await eventually(within: .seconds(10)) {
                if connection.isReceiving("TR_new") { return true }
                stage.clock.advance(by: .milliseconds(400))
                return false
            })
    }

    /// Lets time go by until the session tries no more to receive.
    private func giveUp(_ stage: Stage, _ live: LiveSession) async throws {
        #expect(
            await eventually(within: .seconds(10)) {
                if await live.audioFailures >= 5, await live.audioTask == nil { return true }
                stage.clock.advance(by: .milliseconds(500))
                return false
            })
    }

    @Test(arguments: [true, false])
    func aGateThatStandsWrong_isSetRight(isShut: Bool) async throws {
        let stage = try await stage()
        try await stage.start()
        let gate = try live(stage).gate
        try await look(stage, frames: 20, sleepers: 2)
        if isShut {
            gate.shut("alice", lag: .zero)
        } else {
            gate.open("bob", AudioGate.Opening(lag: .zero, preRoll: .zero))
        }
        // Once may be news on its way.
        for _ in 0..<2 { try await look(stage, frames: 20, sleepers: 2) }
        #expect(await eventually(within: .seconds(10)) { stage.journal.incidents.count == 1 })
        let found = stage.journal.incidents[0]
        #expect(found.finding == .gateMismatch && found.participant == (isShut ? "alice" : "bob") && found.healed)
        #expect(gate.sights.mapValues(\.isOpen) == ["alice": true, "bob": false])
    }

    @Test func aTurnPastItsLimit_isEnded() async throws {
        let stage = try await stage { $0.maxTurnMs = 2000 }
        let turn = try await stage.start()
        try await live(stage).stop(.maxTurn)
        for _ in 0..<6 { try await look(stage, frames: 20) }
        #expect(stage.journal.incidents.isEmpty)
        try await look(stage, frames: 20)
        let ended = try await stage.ended(turn.id)
        #expect(ended.outcome == .timedOut && stage.clock.uptime <= .seconds(3))
        #expect(stage.journal.incidents.map(\.finding) == [.turnOverdue])
        #expect(stage.journal.incidents.first?.turnID == turn.id && stage.journal.incidents.first?.healed == true)
    }

    @Test func speakingWithoutAnything_becomesListening() async throws {
        let stage = try await stage()
        try await live(stage).feignSpeaking()
        for _ in 0..<2 { try await look(stage) }
        #expect(try await stage.shows { $0.agentState == .listening })
        #expect(stage.journal.incidents.map(\.finding) == [.silentSpeech])
        #expect(stage.journal.transitions.last?.cause == .observed && stage.clock.uptime <= .seconds(1))
    }

    @Test func theBackendsOwnSpeaking_isItsOwnBusiness() async throws {
        let stage = try await stage()
        _ = try await stage.supervisor.setAgentState(stage.id, to: .speaking, reason: nil, actor: nil)
        for _ in 0..<10 { try await look(stage) }
        #expect(try await stage.session().agentState == .speaking && stage.journal.incidents.isEmpty)
    }

    /// A speech whose upload stands still after five frames.
    private func stalled(_ stage: Stage) async throws -> (ScriptedSource, Task<Speech, any Error>) {
        let source = ScriptedSource()
        source.give(frames: 5)
        let task = SpeechTests.speak(stage, source)
        #expect(try await stage.shows { $0.agentState == .speaking })
        #expect(await eventually(within: .seconds(10)) { (try? stage.connection.voices.first?.frames.count) == 5 })
        for _ in 0..<2 { try await look(stage) }
        #expect(try await stage.shows { $0.agentState == .thinking })
        #expect(stage.clock.uptime <= .seconds(1))
        return (source, task)
    }

    @Test func aStalledUpload_isThinking_thenSpeakingAgain_andNobodyIsToldBeforeTheEnd() async throws {
        let stage = try await stage(people: ["alice"])
        let (source, task) = try await stalled(stage)
        #expect(stage.journal.incidents.map(\.finding) == [.silentSpeech])
        #expect(stage.journal.transitions.last?.cause == .observed)
        source.give(frames: 1)
        #expect(try await stage.shows { $0.agentState == .speaking })
        source.finish()
        #expect(stage.told.names.isEmpty)
        let speech = await SpeechTests.finish(stage, task)
        #expect(speech?.status == .completed && speech?.playedMs == 120)
        #expect(await eventually(within: .seconds(10)) { stage.told.names == ["alice"] })
        #expect(
            stage.journal.transitions.map(\.newState) == [.listening, .speaking, .thinking, .speaking, .listening])
    }

    @Test func aStalledUploadThatIsInterrupted_leavesAListeningAgent() async throws {
        let stage = try await stage(people: ["alice"])
        let (_, task) = try await stalled(stage)
        let result = try await stage.supervisor.interrupt(stage.id, actor: nil)
        #expect(result.speech?.playedMs == 100)
        #expect(try await stage.session().agentState == .listening)
        task.cancel()
        _ = await task.result
        for _ in 0..<5 { try await look(stage) }
        #expect(stage.journal.incidents.count == 1)
    }

    @Test func aStalledUploadThatBreaksOff_leavesAListeningAgent() async throws {
        let stage = try await stage(people: ["alice"])
        let (source, task) = try await stalled(stage)
        source.fail()
        await #expect(throws: ScriptedSource.Broken()) { _ = try await task.value }
        #expect(try await stage.session().agentState == .listening)
        #expect(await eventually(within: .seconds(10)) { stage.told.names == ["alice"] })
    }

    @Test func aStalledUploadThatEnds_leavesAListeningAgent() async throws {
        let stage = try await stage(people: ["alice"])
        let (source, task) = try await stalled(stage)
        source.finish()
        #expect(await SpeechTests.finish(stage, task)?.status == .completed)
        #expect(try await stage.session().agentState == .listening)
    }

    @Test func anHourOfHealth_findsNothing() async throws {
        let stage = try await stage()
        for epoch in 1...60 {
            try await stage.start()
            // Half a minute of speech, then half a minute of nothing.
            for _ in 0..<75 { try await look(stage, frames: 20, sleepers: 2) }
            _ = try await stage.call("end_turn", by: "alice", #"{"epoch":\#(epoch)}"#)
            for _ in 0..<75 { try await look(stage) }
        }
        #expect(stage.clock.uptime == .seconds(3600))
        #expect(stage.journal.incidents.isEmpty)
        #expect(stage.journal.turns.count { $0.outcome == .committed } == 60)
    }

    @Test func incidents_areCounted() async throws {
        let stage = try await stage()
        try await live(stage).feignSpeaking()
        for _ in 0..<2 { try await look(stage) }
        #expect(await eventually(within: .seconds(10)) { stage.journal.incidents.count == 1 })
        let text = stage.bench.metrics.text(.prometheus)
        #expect(text.contains(#"turngate_incidents_total{finding="silent_speech"} 1"#))
    }
}

extension LiveSession {
    /// The state of an agent whose speech was lost on the way.
    fileprivate func feignSpeaking() throws(TurngateError) {
        speakingIsOurs = true
        _ = try step(to: .speaking, cause: .playout)
    }
}
