import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// What the agent says, from its upload to the last sound.
struct SpeechTests {
    /// Longer than any test waits.
    static let long = Duration.seconds(100_000)
    /// Who sleeps while a speech is played whose caller waits for it.
    static let sleepers = Bench.idleSleepers + 2

    /// Has the agent say something; its caller waits for the end.
    static func speak(_ stage: Stage, _ source: ScriptedSource, interrupt: Bool = false) -> Task<Speech, any Error> {
        Task {
            try await stage.supervisor.speak(stage.id, source, interrupt: interrupt, wait: long, actor: "tts")
        }
    }

    /// Lets `count` frames' time go by, and everybody have their turn at each.
    static func play(_ stage: Stage, _ count: Int, sleepers: Int = Self.sleepers) async {
        for _ in 0..<count {
            stage.clock.advance(by: AudioFrame.duration)
            #expect(await eventually(within: .seconds(10)) { stage.clock.sleeperCount == sleepers })
        }
    }

    /// The agent says `frames` frames and is in the middle of it.
    static func speaking(_ stage: Stage, frames: Int) async throws -> Task<Speech, any Error> {
        let task = speak(stage, ScriptedSource(frames: frames))
        #expect(try await stage.shows { $0.agentState == .speaking })
        #expect(await eventually { stage.clock.sleeperCount == Self.sleepers })
        return task
    }

    private func states(_ stage: Stage) -> [AgentState] { stage.journal.transitions.map(\.newState) }

    @Test func aSpeech_isSpeakingFromItsFirstFrame_andListeningWhenItWasHeard() async throws {
        let stage = try await Stage(people: ["alice"])
        let task = try await Self.speaking(stage, frames: 30)
        let voice = try #require(try stage.connection.voices.first)
        #expect(voice.frames.count == 6 && !voice.isMuted)
        await Self.play(stage, 31)
        // All was sent 20 ms ago, and the listeners are 40 ms behind.
        #expect(try await stage.session().agentState == .speaking && stage.told.names.isEmpty)
        stage.clock.advance(by: .milliseconds(20))
        let speech = try await task.value
        #expect(speech.status == .completed && speech.durationMs == 600 && speech.playedMs == 600)
        #expect(try await stage.session().agentState == .listening)
        #expect(await eventually { stage.told.names == ["alice"] })
        #expect(voice.frames == (1...30).map { AudioFrame(number: $0) } && voice.clearCount == 0)
        #expect(stage.journal.transitions.suffix(2).map(\.cause) == [.playout, .playout])
        let end = try #require(speech.endedAt)
        #expect(try end - #require(speech.startedAt) == .milliseconds(640))
    }

    @Test func alignedWithWhatWasSent_theEndComesWithTheLastFrame() async throws {
        let stage = try await Stage(people: ["alice"]) { $0.align = .sent }
        let task = try await Self.speaking(stage, frames: 30)
        await Self.play(stage, 29)
        #expect(try await stage.session().agentState == .speaking)
        stage.clock.advance(by: .milliseconds(20))
        let speech = try await task.value
        #expect(try #require(speech.endedAt) - #require(speech.startedAt) == .milliseconds(600))
        #expect(await eventually { stage.told.names == ["alice"] })
    }

    @Test func whileItIsUploaded_itIsPlayedAlready() async throws {
        let stage = try await Stage(people: ["alice"])
        let source = ScriptedSource()
        let task = Self.speak(stage, source)
        source.give(frames: 4)
        #expect(await eventually { source.taken == 4 })
        #expect(try await stage.session().agentState == .listening)
        source.give(frames: 1)
        #expect(try await stage.shows { $0.agentState == .speaking })
        #expect(await eventually { (try? stage.connection.voices.first?.frames.count) == 5 })
        source.finish()
        await finish(stage, task)
    }

    @Test func piecesOfAnySize_areTheSameSpeech() async throws {
        let stage = try await Stage(people: ["alice"])
        let source = ScriptedSource()
        let samples = (0..<10_000).map { Int16($0) }
        var rest = samples[...]
        for size in [1, 959, 960, 961, 3000, 0, 4119] {
            source.give(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        source.finish()
        #expect(rest.isEmpty)
        let task = Self.speak(stage, source)
        let speech = await finish(stage, task)
        // 10,000 samples are ten frames and two fifths of one; the rest is silence.
        let heard = try stage.connection.voices.flatMap { $0.frames.flatMap(\.samples) }
        #expect(heard == samples + [Int16](repeating: 0, count: 11 * AudioFrame.sampleCount - 10_000))
        #expect(speech?.durationMs == 208 && speech?.playedMs == 208)
    }

    @Test func twoSpeeches_followEachOther_withoutAWordToListenBetween() async throws {
        let stage = try await Stage(people: ["alice"])
        let first = try await Self.speaking(stage, frames: 10)
        let second = Self.speak(stage, ScriptedSource(frames: 10))
        #expect(await eventually { stage.clock.sleeperCount == Self.sleepers + 1 })
        let voice = try #require(try stage.connection.voices.first)
        await Self.play(stage, 9, sleepers: Self.sleepers + 1)
        stage.clock.advance(by: .milliseconds(20))
        #expect(try await first.value.status == .completed)
        #expect(await eventually { voice.frames.count == 16 })
        #expect(try await stage.session().agentState == .speaking)
        await finish(stage, second)
        #expect(states(stage) == [.listening, .speaking, .listening])
        #expect(await eventually { stage.told.names == ["alice"] })
        #expect(try stage.connection.voices.count == 1)
    }

    @Test func aSecondThatBecomesReadyWhileTheFirstIsHeard_followsWithoutListening() async throws {
        let stage = try await Stage(people: ["alice"])
        let first = try await Self.speaking(stage, frames: 10)
        await Self.play(stage, 11)
        // The first was sent; it is being heard.
        let second = Self.speak(stage, ScriptedSource(frames: 10))
        #expect(await eventually { stage.clock.sleeperCount == Self.sleepers + 1 })
        stage.clock.advance(by: .milliseconds(20))
        #expect(try await first.value.status == .completed)
        await finish(stage, second)
        #expect(states(stage) == [.listening, .speaking, .listening])
    }

    @Test func aSecondThatIsNotReady_letsTheAgentListenMeanwhile() async throws {
        let stage = try await Stage(people: ["alice"])
        let first = try await Self.speaking(stage, frames: 10)
        let source = ScriptedSource()
        let second = Self.speak(stage, source)
        source.give(frames: 4)
        #expect(await eventually { source.taken == 4 })
        await finish(stage, first)
        #expect(try await stage.session().agentState == .listening)
        source.give(frames: 4)
        source.finish()
        await finish(stage, second)
        #expect(states(stage) == [.listening, .speaking, .listening, .speaking, .listening])
    }

    @Test func anInterruption_stopsAtOnce_saysHowMuchWasPlayed_andDropsWhatWaits() async throws {
        let stage = try await Stage(people: ["alice"])
        let first = try await Self.speaking(stage, frames: 100)
        let second = Self.speak(stage, ScriptedSource(frames: 10))
        #expect(await eventually { stage.clock.sleeperCount == Self.sleepers + 1 })
        await Self.play(stage, 10, sleepers: Self.sleepers + 1)
        let result = try await stage.supervisor.interrupt(stage.id, actor: "ops")
        #expect(result.speech?.status == .interrupted && result.speech?.playedMs == 200 && result.dropped == 1)
        let voice = try #require(try stage.connection.voices.first)
        #expect(voice.clearCount == 1 && voice.frames.count == 16)
        #expect(try await stage.session().agentState == .listening)
        let row = try #require(stage.journal.transitions.last)
        #expect(row.cause == .api && row.actor == "ops" && row.reason == "interrupt")
        let played = try await first.value
        #expect(played.status == .interrupted && played.playedMs == 200)
        #expect(try await second.value.status == .interrupted)
        #expect(await eventually { stage.told.names == ["alice"] })
        #expect(
            await eventually(within: .seconds(10)) {
                stage.clock.advance(by: AudioFrame.duration)
                return voice.isMuted
            })
        #expect(voice.frames.count == 16)
    }

    @Test func anInterruptionOfNothing_changesNothing() async throws {
        let stage = try await Stage(people: ["alice"])
        #expect(
            try await stage.supervisor.interrupt(stage.id, actor: nil) == SpeechInterruption(speech: nil, dropped: 0))
        _ = try await stage.supervisor.setAgentState(stage.id, to: .speaking, reason: nil, actor: nil)
        _ = try await stage.supervisor.interrupt(stage.id, actor: nil)
        #expect(try await stage.session().agentState == .speaking)
    }

    @Test func anInterruptingSpeech_takesTheOthersPlace() async throws {
        let stage = try await Stage(people: ["alice"])
        let first = try await Self.speaking(stage, frames: 100)
        await Self.play(stage, 5)
        let second = Self.speak(stage, ScriptedSource(frames: 10), interrupt: true)
        #expect(try await first.value.status == .interrupted)
        let speech = await finish(stage, second)
        #expect(speech?.status == .completed)
        #expect(try stage.connection.voices.count == 1)
    }

    @Test func aTurn_cutsTheSpeechShort_andNobodyIsToldToSpeak() async throws {
        let stage = try await Stage()
        let first = try await Self.speaking(stage, frames: 100)
        await Self.play(stage, 10)
        let turn = try await stage.start()
        let speech = try await first.value
        #expect(speech.status == .interrupted && speech.playedMs == 200)
        #expect(try await stage.session().agentState == .listening)
        #expect(stage.journal.transitions.last?.turnID == turn.id && stage.told.names.isEmpty)
    }

    @Test func anEmptySpeech_isCompleted_withoutASoundOrAWord() async throws {
        let stage = try await Stage(people: ["alice"])
        let speech = try await Self.speak(stage, ScriptedSource(frames: 0)).value
        #expect(speech.status == .completed && speech.durationMs == 0 && speech.startedAt == nil)
        #expect(try stage.connection.voices.isEmpty && states(stage) == [.listening])
    }

    @Test func theTrack_isMutedWhileThereIsNothingToSay_andTheSameOneGoesOn() async throws {
        let stage = try await Stage(people: ["alice"])
        await finish(stage, try await Self.speaking(stage, frames: 10))
        let voice = try #require(try stage.connection.voices.first)
        stage.clock.advance(by: .milliseconds(40))
        #expect(await eventually { voice.isMuted })
        let second = try await Self.speaking(stage, frames: 10)
        #expect(!voice.isMuted)
        await finish(stage, second)
        #expect(try stage.connection.voices.count == 1 && voice.frames.count == 20)
    }

    @Test func aSpeechRightAfterAnother_doesNotWaitForTheTrackToBeMuted() async throws {
        let stage = try await Stage(people: ["alice"])
        await finish(stage, try await Self.speaking(stage, frames: 10))
        // No time goes by until it is played.
        await finish(stage, try await Self.speaking(stage, frames: 10))
        #expect(states(stage) == [.listening, .speaking, .listening, .speaking, .listening])
    }

    @Test func theBackendsWordDuringASpeech_stands() async throws {
        let stage = try await Stage(people: ["alice"])
        let task = try await Self.speaking(stage, frames: 10)
        _ = try await stage.supervisor.setAgentState(stage.id, to: .idle, reason: nil, actor: nil)
        await finish(stage, task)
        #expect(states(stage) == [.listening, .speaking, .idle])
    }

    /// Lets time go by until the speech is over.
    @discardableResult
    private func finish(_ stage: Stage, _ task: Task<Speech, any Error>) async -> Speech? {
        await SpeechTests.finish(stage, task)
    }

    /// Lets time go by until the speech is over.
    @discardableResult
    static func finish(_ stage: Stage, _ task: Task<Speech, any Error>) async -> Speech? {
        let over = Latch()
        let watch = Task {
            _ = await task.result
            over.open()
        }
        #expect(
            await eventually(within: .seconds(20)) {
                if over.isOpen { return true }
                stage.clock.advance(by: AudioFrame.duration)
                return over.isOpen
            })
        await watch.value
        return try? await task.value
    }
}
