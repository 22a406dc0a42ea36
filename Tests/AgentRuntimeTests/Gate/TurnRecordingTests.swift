import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// What is counted of a turn, and what is kept.
struct TurnRecordingTests {
    private let turn = TurnID(uuid: UUID())

    @Test func loudAndSoftFrames_areToldApart() {
        var recording = TurnRecording(turn: turn, keeps: false, maxBytes: 1 << 20)
        for (place, number) in [0, 100, 163, 164, 1000, -1000].enumerated() {
            recording.add(AudioFrame(number: number), at: .milliseconds(20 * place), fromRing: false)
        }
        #expect(recording.counts.audioMs == 120 && recording.counts.speechMs == 60)
        #expect(recording.samples == nil)
    }

    @Test func aTurnOverItsBound_isNotKeptAtAll_andIsCountedOn() {
        var recording = TurnRecording(turn: turn, keeps: true, maxBytes: 3 * AudioFrame.sampleCount * 2)
        for place in 0..<3 { recording.add(.silence, at: .milliseconds(20 * place), fromRing: false) }
        #expect(recording.samples?.count == 3 * AudioFrame.sampleCount)
        recording.add(.silence, at: .milliseconds(60), fromRing: false)
        #expect(recording.samples == nil && recording.counts.audioMs == 80)
    }

    @Test func framesThatDidNotCome_areCounted_lateOnesAreNot() throws {
        let microphone = Microphone()
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(10)
        // Ten are held up and come at once: late, not lost.
        microphone.clock.advance(by: .milliseconds(200))
        for _ in 0..<10 { microphone.sayNow() }
        #expect(microphone.gate.counts(of: microphone.turn)?.droppedFrames == 0)
        // Ten never come.
        microphone.clock.advance(by: .milliseconds(200))
        microphone.say(10)
        let counts = try #require(microphone.recorded()).counts
        #expect(counts.droppedFrames == 10 && counts.audioMs == 600)
    }

    @Test func whatAShutGateHeldBack_isNoLostFrame() throws {
        let microphone = Microphone()
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(10)
        microphone.shut(lag: 0)
        microphone.say(100)
        microphone.gate.open("alice", AudioGate.Opening(lag: .zero, preRoll: .zero))
        microphone.say(10)
        #expect(try #require(microphone.recorded()).counts.droppedFrames == 0)
    }

    @Test func aTrackThatWasAway_lostNoFrames() throws {
        let microphone = Microphone()
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(10)
        microphone.gate.remove("alice")
        microphone.clock.advance(by: .milliseconds(800))
        microphone.gate.add("alice", trackSid: "TR_new")
        microphone.gate.open("alice", AudioGate.Opening(lag: .zero, preRoll: .zero))
        microphone.say(10, on: "TR_new")
        #expect(try #require(microphone.recorded()).counts.droppedFrames == 0)
    }

    @Test func framesLostBeforeAPause_stayCounted() throws {
        let microphone = Microphone()
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(1)
        microphone.clock.advance(by: .milliseconds(200))
        microphone.say(1)
        microphone.shut(lag: 0)
        microphone.clock.advance(by: .seconds(10))
        microphone.gate.open("alice", AudioGate.Opening(lag: .zero, preRoll: .zero))
        microphone.say(1)
        microphone.clock.advance(by: .milliseconds(300))
        microphone.say(1)
        #expect(try #require(microphone.recorded()).counts.droppedFrames == 25)
    }

    @Test func thePresentTurnsCounts_areThereWhileItRuns_andNoOthers() {
        let microphone = Microphone()
        microphone.say(5)
        microphone.open(preRoll: 5, lag: 0)
        microphone.say(5)
        #expect(microphone.gate.counts(of: microphone.turn)?.audioMs == 200)
        #expect(microphone.gate.counts(of: TurnID(uuid: UUID())) == nil)
        #expect(microphone.gate.takeRecording(of: TurnID(uuid: UUID())) == nil)
        #expect(microphone.recorded()?.frames == Array(1...10))
        #expect(microphone.recorded() == nil)
    }
}

/// The audio of turns, kept within bounds of size and time.
struct KeptTurnAudioTests {
    private let clock = ManualClock()
    private let turns = (0..<4).map { _ in TurnID(uuid: UUID()) }

    @Test func theOldest_goForTheNew_whenTheRoomIsFull() {
        let kept = KeptTurnAudio(maxBytes: 200, time: .seconds(60), clock: clock)
        for turn in turns.prefix(3) { #expect(kept.keep([Int16](repeating: 1, count: 40), of: turn)) }
        #expect(turns.map(kept.has) == [false, true, true, false])
        #expect(kept.samples(of: turns[2])?.count == 40 && kept.samples(of: turns[0]) == nil)
    }

    @Test func whatFitsInNoCase_isNotKept_andCostsNobodyItsPlace() {
        let kept = KeptTurnAudio(maxBytes: 200, time: .seconds(60), clock: clock)
        #expect(kept.keep([Int16](repeating: 1, count: 40), of: turns[0]))
        #expect(!kept.keep([Int16](repeating: 1, count: 101), of: turns[1]))
        #expect(!kept.keep([], of: turns[2]))
        #expect(kept.has(turns[0]) && !kept.has(turns[1]))
    }

    @Test func whatIsTooOld_isGone_alsoWhenNobodyAsks() {
        let kept = KeptTurnAudio(maxBytes: 200, time: .seconds(60), clock: clock)
        _ = kept.keep([1], of: turns[0])
        clock.advance(by: .seconds(30))
        _ = kept.keep([2], of: turns[1])
        clock.advance(by: .seconds(30))
        #expect(!kept.has(turns[0]) && kept.samples(of: turns[1]) == [2])
        kept.sweep()
        #expect(kept.samples(of: turns[0]) == nil)
    }
}
