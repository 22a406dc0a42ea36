import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// Which frames exactly pass at the edges of a turn. Frame n is spoken when
/// frame n − lag arrives.
struct GateEdgeTests {
    /// In the speaker's time a turn reaches from the pre-roll before its start to
    /// its end, whatever the audio's lag.
    @Test(arguments: [0, 1, 3, 5, 25], [0, 1, 3, 5, 8])
    func aTurn_isExactlyItsTimeAndItsPreRoll(preRoll: Int, lag: Int) throws {
        let microphone = Microphone(preRollFrames: preRoll)
        microphone.say(200)
        microphone.open(preRoll: preRoll, lag: lag)
        microphone.say(50)
        let ended = Latch()
        #expect(microphone.end(lag: lag) { ended.open() } == (lag > 0))
        microphone.say(40)
        #expect(ended.isOpen == (lag > 0))
        let (frames, counts) = try #require(microphone.recorded())
        let first = 200 + lag - preRoll + 1
        let last = 250 + lag
        #expect(frames == Array(first...last))
        #expect(counts.preRollMs == Int64(preRoll * 20))
        #expect(counts.audioMs == Int64((50 + preRoll) * 20))
        #expect(counts.droppedFrames == 0)
    }

    @Test func aRingThatHasLess_givesWhatItHas_andSaysSo() throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.say(4)
        microphone.open(preRoll: 25, lag: 2)
        microphone.say(10)
        let (frames, counts) = try #require(microphone.recorded())
        #expect(frames == Array(1...14) && counts.preRollMs == 120)
    }

    /// A call in the middle of a frame: that one holds a last word.
    @Test(arguments: [(3, 7), (8, 8), (19, 8)])
    func frameInWhichTheTurnEnds_passesWhole_unlessItHasHardlyBegun(milliseconds: Int, last: Int) throws {
        let microphone = Microphone()
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(5)
        microphone.clock.advance(by: .milliseconds(milliseconds))
        microphone.end(lag: 2)
        microphone.say(20)
        #expect(try #require(microphone.recorded()).frames == Array(1...last))
    }

    @Test func whatCameBeforeThePreRoll_neverPasses() throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.say(100)
        microphone.open(preRoll: 10, lag: 0)
        #expect(try #require(microphone.recorded()).frames == Array(91...100))
    }

    @Test func theLastWords_comeUntilTheLagIsOver_andNotAFrameMore() throws {
        let microphone = Microphone(preRollFrames: 0)
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(5)
        let ended = Latch()
        #expect(microphone.end(lag: 3) { ended.open() })
        microphone.say(2)
        #expect(!ended.isOpen)
        microphone.say(1)
        #expect(ended.isOpen)
        microphone.say(5)
        #expect(try #require(microphone.recorded()).frames == Array(1...8))
    }

    @Test func aCancel_shutsAtOnce_alsoDuringTheLastWords() throws {
        let microphone = Microphone(preRollFrames: 0)
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(5)
        microphone.end(lag: 4)
        microphone.say(1)
        microphone.shut(lag: 4)
        microphone.say(20)
        #expect(try #require(microphone.recorded()).frames == Array(1...6))
    }

    @Test(arguments: [0, 3, 8], [0, 1, 3, 4, 5, 9, 10, 40])
    func nothingOfACancelledTurn_isInTheNextOnesPreRoll(lag: Int, between: Int) throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.say(30)
        microphone.open(preRoll: 25, lag: lag)
        microphone.say(20)
        microphone.shut(lag: lag)
        _ = microphone.recorded()
        microphone.say(between)
        let next = TurnID(uuid: UUID())
        microphone.open(preRoll: 25, lag: lag, as: next)
        microphone.say(30)
        let (frames, counts) = try #require(microphone.recorded(next))
        // Spoken before the cancel: up to 50 + lag; the doubt is half the lag and
        // a frame.
        let thrownAway = Int((Double(lag) * 1.5 + 1).rounded())
        let start = 50 + between + lag
        // What is said after the next start is in it in any case.
        let first = min(max(50 + thrownAway + 1, start - 25 + 1), start + 1)
        let preRoll = max(0, start - first + 1)
        #expect(frames == Array(first...(80 + between)))
        #expect(counts.preRollMs == Int64(preRoll * 20))
        #expect(counts.audioMs == Int64(frames.count * 20))
    }

    @Test func lateFramesOfACancelledTurn_areThrownAwayToo() throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.open(preRoll: 0, lag: 5)
        microphone.say(20)
        microphone.shut(lag: 5)
        _ = microphone.recorded()
        // Held up on the way for 200 ms, then all at once.
        microphone.clock.advance(by: .milliseconds(200))
        for _ in 0..<9 { microphone.sayNow() }
        let next = TurnID(uuid: UUID())
        microphone.say(3)
        microphone.open(preRoll: 25, lag: 0, as: next)
        #expect(try #require(microphone.recorded(next)).frames == Array(30...32))
    }

    @Test func afterACancel_whoWasSilentForLong_losesNoFirstWord() throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(10)
        microphone.shut(lag: 5)
        _ = microphone.recorded()
        // Muted: nothing comes of what was on its way.
        microphone.clock.advance(by: .seconds(5))
        let next = TurnID(uuid: UUID())
        microphone.open(preRoll: 25, lag: 3, as: next)
        microphone.say(10)
        #expect(try #require(microphone.recorded(next)).frames == Array(11...20))
    }

    @Test func whoWasSilentForAMoment_losesNoFirstWord() throws {
        let microphone = Microphone(preRollFrames: 0)
        microphone.say(20)
        // Muted for less than the gap that ends everything.
        microphone.clock.advance(by: .milliseconds(800))
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(10)
        #expect(try #require(microphone.recorded()).frames == Array(21...30))
    }

    @Test func thePreRoll_doesNotReachOverTheEndOfAnEarlierTurn() throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.say(30)
        microphone.open(preRoll: 5, lag: 3)
        microphone.say(20)
        microphone.end(lag: 3)
        microphone.say(3)
        #expect(try #require(microphone.recorded()).frames.last == 53)
        microphone.say(4)
        let next = TurnID(uuid: UUID())
        microphone.open(preRoll: 25, lag: 3, as: next)
        microphone.say(10)
        let (frames, counts) = try #require(microphone.recorded(next))
        #expect(frames == Array(54...67) && counts.preRollMs == 140)
    }

    @Test func whatWasSaidLongBeforeAPause_isNoPreRoll() throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.say(20)
        microphone.clock.advance(by: .seconds(60))
        microphone.open(preRoll: 25, lag: 0)
        microphone.say(2)
        #expect(try #require(microphone.recorded()).frames == [21, 22])
    }

    @Test func whatWasSaidLongBeforeAPause_isNotJoinedToWhatCameAfter() throws {
        let microphone = Microphone(preRollFrames: 25)
        microphone.say(20)
        microphone.clock.advance(by: .seconds(60))
        microphone.say(5)
        microphone.open(preRoll: 25, lag: 0)
        #expect(try #require(microphone.recorded()).frames == Array(21...25))
    }

    @Test func anotherTrackOfTheHolder_takesTheTurnOn_andTheOldOnesFramesAreNothing() throws {
        let microphone = Microphone(preRollFrames: 10)
        microphone.say(10)
        microphone.open(preRoll: 5, lag: 0)
        microphone.say(10)
        microphone.gate.add("alice", trackSid: "TR_new")
        microphone.say(1)
        microphone.say(10, on: "TR_new")
        microphone.end(lag: 2)
        microphone.say(5, on: "TR_new")
        let frames = try #require(microphone.recorded()).frames
        #expect(frames == Array(6...20) + Array(22...33))
    }

    @Test func anotherTrack_whileShut_hasNoPreRollOfTheOldOne() throws {
        let microphone = Microphone(preRollFrames: 10)
        microphone.say(10)
        microphone.gate.add("alice", trackSid: "TR_new")
        microphone.say(3, on: "TR_new")
        microphone.open(preRoll: 10, lag: 0)
        #expect(try #require(microphone.recorded()).frames == [11, 12, 13])
    }

    @Test func openingTwice_repeatsNothing_andShuttingAShutGateKeepsItsRing() throws {
        let microphone = Microphone(preRollFrames: 10)
        microphone.say(10)
        microphone.shut(lag: 5)
        microphone.open(preRoll: 10, lag: 0)
        microphone.gate.open("alice", AudioGate.Opening(lag: .zero, preRoll: .milliseconds(200)))
        microphone.say(3)
        #expect(try #require(microphone.recorded()).frames == Array(1...13))
    }

    @Test func anotherPreRoll_countsFromNowOn_andTheOldestGoFirst() throws {
        let microphone = Microphone(preRollFrames: 10)
        microphone.say(10)
        microphone.gate.setPreRoll(.milliseconds(60))
        microphone.open(preRoll: 3, lag: 0)
        #expect(try #require(microphone.recorded()).frames == [8, 9, 10])
    }

    @Test func strangers_andThoseWhoLeft_areNotHeard() {
        let microphone = Microphone(of: ["alice"])
        microphone.open("bob", preRoll: 5, lag: 0)
        microphone.say(5, as: "bob")
        microphone.gate.remove("alice")
        microphone.gate.open("alice", AudioGate.Opening(lag: .zero, preRoll: .zero))
        microphone.say(5)
        #expect(microphone.recorded()?.frames == [] && microphone.gate.sights.isEmpty)
    }
}
