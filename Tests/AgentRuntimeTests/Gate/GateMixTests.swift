import Domain
import TestSupport
import Testing

@testable import AgentRuntime

/// Several who are heard at once, as one stream.
struct GateMixTests {
    /// Both are heard; alice says n, bob says n too.
    private func microphone() throws -> (Microphone, AudioReaderQueue) {
        let microphone = Microphone(preRollFrames: 0, of: ["alice", "bob"])
        let reader = try #require(microphone.reader())
        for who in ["alice", "bob"] { microphone.gate.open(who, AudioGate.Opening(lag: .zero, preRoll: .zero)) }
        return (microphone, reader)
    }

    @Test func twoInStep_areSummed_frameByFrame() async throws {
        let (microphone, reader) = try microphone()
        // Before bob is known, alice's first frame goes out alone.
        microphone.say(1)
        microphone.sayNow(as: "bob")
        for _ in 0..<20 {
            microphone.say(1)
            microphone.sayNow(as: "bob")
        }
        let heard = await reader.rest()
        // Bob's run one behind: his frame n meets hers n + 1.
        let expected: [Int] = (0...20).map { 2 * $0 + 1 }
        #expect(heard == expected)
    }

    @Test func oneWhoStops_isNotWaitedForLong_andNothingIsLost() async throws {
        let (microphone, reader) = try microphone()
        microphone.say(1, as: "bob")
        microphone.say(30)
        let heard = await reader.rest()
        #expect(heard.count == 30 || heard.count == 31)
        // Her thirty add up to 465.
        #expect(heard.reduce(0, +) == 466)
        #expect(heard.last == 30)
    }

    @Test func oneWhoIsLate_isCaughtUpWith_andNoFrameIsLost() async throws {
        let (microphone, reader) = try microphone()
        microphone.say(1, as: "bob")
        for _ in 0..<5 { microphone.sayNow() }
        for _ in 0..<5 { microphone.sayNow(as: "bob") }
        microphone.shut(lag: 0)
        microphone.shut("bob", lag: 0)
        #expect(await reader.rest().reduce(0, +) == 15 + 21)
    }

    @Test func whatWaited_goesOutWhenItsSpeakerIsShut() async throws {
        let (microphone, reader) = try microphone()
        microphone.say(1, as: "bob")
        for _ in 0..<3 { microphone.sayNow() }
        microphone.shut(lag: 0)
        microphone.shut("bob", lag: 0)
        #expect(await reader.rest().reduce(0, +) == 1 + 6)
    }

    @Test func whatWaited_goesOutWhenItsSpeakerLeaves() async throws {
        let (microphone, reader) = try microphone()
        microphone.say(1, as: "bob")
        for _ in 0..<3 { microphone.sayNow() }
        microphone.gate.remove("alice")
        microphone.gate.remove("bob")
        #expect(await reader.rest().reduce(0, +) == 1 + 6)
    }

    @Test func theNextHolder_isNotHeldUpByTheLast() async throws {
        let microphone = Microphone(preRollFrames: 0, of: ["alice", "bob"])
        let reader = try #require(microphone.reader())
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(5)
        microphone.end(lag: 2)
        microphone.say(2)
        microphone.open("bob", preRoll: 0, lag: 0)
        microphone.sayNow(as: "bob")
        #expect(await reader.next()?.map(\.number) == [1, 2, 3, 4, 5, 6, 7, 1])
    }

    @Test func tooLoud_isCutOff_notTurnedOver() throws {
        var mixer = AudioMixer()
        let loud = AudioFrame([Int16](repeating: 30_000, count: AudioFrame.sampleCount))
        let deep = AudioFrame([Int16](repeating: -30_000, count: AudioFrame.sampleCount))
        _ = mixer.add(AudioFrame.silence, of: "b", at: .zero)
        #expect(mixer.add(loud, of: "a", at: .zero).isEmpty)
        #expect(mixer.add(loud, of: "b", at: .zero).map(\.number) == [Int(Int16.max)])
        #expect(mixer.add(deep, of: "a", at: .zero).isEmpty)
        #expect(mixer.add(deep, of: "b", at: .zero).map(\.number) == [Int(Int16.min)])
    }
}
