import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// What can go wrong with a speech, and that the agent listens again after it.
struct SpeechFailureTests {
    private func states(_ stage: Stage) -> [AgentState] { stage.journal.transitions.map(\.newState) }

    @Test func anUploadThatBreaksOff_isTheCallersError_theRoomIsQuiet_andTheAgentListens() async throws {
        let stage = try await Stage(people: ["alice"])
        let source = ScriptedSource()
        source.give(frames: 50)
        let task = SpeechTests.speak(stage, source)
        #expect(try await stage.shows { $0.agentState == .speaking })
        let voice = try #require(try stage.connection.voices.first)
        #expect(await eventually { voice.frames.count == 6 })
        source.fail()
        await #expect(throws: ScriptedSource.Broken()) { _ = try await task.value }
        #expect(try await stage.shows { $0.agentState == .listening })
        #expect(voice.clearCount == 1 && voice.frames.count == 6)
        #expect(await eventually { stage.told.names == ["alice"] })
        #expect(
            await eventually(within: .seconds(10)) {
                stage.clock.advance(by: AudioFrame.duration)
                return voice.isMuted
            })
        #expect(states(stage) == [.listening, .speaking, .listening])
        // The session is well.
        await SpeechTests.finish(stage, try await SpeechTests.speaking(stage, frames: 5))
    }

    @Test func anUploadThatBreaksOffBeforeItsFirstFrame_isNoStep() async throws {
        let stage = try await Stage(people: ["alice"])
        let source = ScriptedSource()
        source.give(frames: 2)
        source.fail()
        await #expect(throws: ScriptedSource.Broken()) { _ = try await SpeechTests.speak(stage, source).value }
        #expect(states(stage) == [.listening] && stage.told.names.isEmpty)
        #expect(try stage.connection.voices.allSatisfy { $0.frames.isEmpty })
    }

    @Test func aBrokenSpeech_beforeOneThatIsReady_handsOverWithoutListening() async throws {
        let stage = try await Stage(people: ["alice"])
        let source = ScriptedSource()
        source.give(frames: 50)
        let first = SpeechTests.speak(stage, source)
        #expect(try await stage.shows { $0.agentState == .speaking })
        let second = SpeechTests.speak(stage, ScriptedSource(frames: 10))
        #expect(await eventually { stage.clock.sleeperCount == SpeechTests.sleepers })
        source.fail()
        await #expect(throws: ScriptedSource.Broken()) { _ = try await first.value }
        #expect(await SpeechTests.finish(stage, second)?.status == .completed)
        #expect(states(stage) == [.listening, .speaking, .listening])
    }

    @Test func aCallerWhoGoesAwayInTheUpload_endsTheSpeech() async throws {
        let stage = try await Stage(people: ["alice"])
        let source = ScriptedSource()
        source.give(frames: 50)
        let task = SpeechTests.speak(stage, source)
        #expect(try await stage.shows { $0.agentState == .speaking })
        task.cancel()
        await #expect(throws: (any Error).self) { _ = try await task.value }
        #expect(try await stage.shows { $0.agentState == .listening })
        #expect(try stage.connection.voices.first?.clearCount == 1)
    }

    @Test func aFullBacklog_holdsTheUploadBack_untilItIsPlayed() async throws {
        var limits = Stage.limits
        limits.speechBacklogFrames = 10
        let stage = try await Stage(people: ["alice"], limits: limits)
        let source = ScriptedSource()
        source.give(frames: 100)
        source.finish()
        let task = SpeechTests.speak(stage, source)
        // Six are with the room, ten wait.
        #expect(await eventually { source.taken == 16 })
        #expect(await eventually { stage.clock.sleeperCount == Bench.idleSleepers + 1 })
        for played in 1...20 {
            stage.clock.advance(by: .milliseconds(20))
            #expect(await eventually { source.taken == 16 + played })
        }
        #expect(await SpeechTests.finish(stage, task)?.durationMs == 2000)
    }

    @Test func aVoiceThatCannotBeHad_failsTheSpeech_andTheNextTriesAgain() async throws {
        let stage = try await Stage(people: ["alice"])
        stage.room.failOpenVoice(with: .refused("no permission"))
        let speech = try await SpeechTests.speak(stage, ScriptedSource(frames: 10)).value
        #expect(speech.status == .failed && speech.startedAt == nil && speech.playedMs == 0)
        #expect(states(stage) == [.listening])
        stage.room.failOpenVoice(with: nil)
        #expect(
            await SpeechTests.finish(stage, try await SpeechTests.speaking(stage, frames: 10))?.status == .completed)
    }

    @Test func aVoiceThatBreaks_failsTheSpeech_andTheNextHasANewOne() async throws {
        let stage = try await Stage(people: ["alice"])
        let task = try await SpeechTests.speaking(stage, frames: 50)
        let voice = try #require(try stage.connection.voices.first)
        voice.fail(with: .failed("core"))
        let speech = await SpeechTests.finish(stage, task)
        #expect(speech?.status == .failed)
        #expect(try await stage.shows { $0.agentState == .listening })
        #expect(await eventually { voice.isClosed })
        await SpeechTests.finish(stage, try await SpeechTests.speaking(stage, frames: 10))
        #expect(try stage.connection.voices.count == 2)
    }

    @Test func aConnectionLostWhileSpeaking_failsTheSpeech_andTheTurnIsToldOnceTheRoomIsBack() async throws {
        let stage = try await Stage(people: ["alice"])
        let task = try await SpeechTests.speaking(stage, frames: 100)
        await SpeechTests.play(stage, 10)
        let first = try stage.connection
        let voice = try #require(first.voices.first)
        stage.room.failJoins(with: .unreachable("restarting"))
        first.emit(.disconnected(.connectionLost))
        let speech = try await task.value
        #expect(speech.status == .failed && speech.playedMs == 200)
        #expect(await eventually { voice.isClosed })
        #expect(try await stage.shows { $0.agentState == .listening && $0.status == .reconnecting })
        #expect(stage.told.names.isEmpty && stage.journal.receipts.isEmpty)
        stage.room.failJoins(with: nil)
        #expect(
            await eventually {
                stage.clock.advance(by: .milliseconds(200))
                return stage.room.current !== first
            })
        #expect(await eventually { stage.told.names == ["alice"] })
        #expect(
            await SpeechTests.finish(stage, try await speakingAgain(stage))?.status == .completed)
    }

    private func speakingAgain(_ stage: Stage) async throws -> Task<Speech, any Error> {
        let task = SpeechTests.speak(stage, ScriptedSource(frames: 5))
        #expect(try await stage.shows { $0.agentState == .speaking })
        return task
    }

    @Test func theSessionsEnd_failsTheSpeech_andTellsNobodyToSpeak() async throws {
        let stage = try await Stage(people: ["alice"])
        let task = try await SpeechTests.speaking(stage, frames: 100)
        _ = try await stage.supervisor.end(stage.id, actor: nil)
        #expect(try await task.value.status == .failed)
        #expect(stage.told.names.isEmpty && states(stage) == [.listening, .speaking])
        #expect(try stage.connection.voices.first?.isClosed == true)
    }

    @Test func speechesOverTheBound_areRefused_unlessTheyTakeTheOthersPlace() async throws {
        let stage = try await Stage(people: ["alice"])
        let tasks = [try await SpeechTests.speaking(stage, frames: 100)]
        for _ in 1..<16 {
            let speech = try await stage.supervisor.speak(
                stage.id, ScriptedSource(frames: 5), interrupt: false, wait: .zero, actor: nil)
            #expect(speech.status == .queued)
        }
        await #expect(throws: TurngateError.overloaded("a session takes at most 16 speeches at once")) {
            _ = try await stage.supervisor.speak(
                stage.id, ScriptedSource(frames: 5), interrupt: false, wait: .zero, actor: nil)
        }
        let last = SpeechTests.speak(stage, ScriptedSource(frames: 5), interrupt: true)
        #expect(await SpeechTests.finish(stage, last)?.status == .completed)
        for task in tasks { #expect(try await task.value.status == .interrupted) }
    }

    @Test func whileTheRoomIsAway_aSpeechIsRefused() async throws {
        let stage = try await Stage(people: ["alice"])
        try stage.connection.emit(.reconnecting)
        #expect(try await stage.shows { $0.status == .reconnecting })
        await #expect(throws: TurngateError.conflict(.sessionNotWorking(stage.id, status: .reconnecting))) {
            _ = try await SpeechTests.speak(stage, ScriptedSource(frames: 5)).value
        }
    }

    @Test func aFullJournal_playsNothing_andFailsTheSpeech() async throws {
        let stage = try await Stage(people: ["alice"])
        stage.journal.beFull(true)
        let speech = try await SpeechTests.speak(stage, ScriptedSource(frames: 10)).value
        #expect(speech.status == .failed)
        stage.journal.beFull(false)
        #expect(try stage.connection.voices.allSatisfy { $0.frames.isEmpty })
        #expect(try await stage.session().agentState == .listening)
    }
}
