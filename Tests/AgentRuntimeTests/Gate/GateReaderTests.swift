import Domain
import Foundation
import TestSupport
import Testing

@testable import AgentRuntime

/// Who reads what passes, and what a slow one loses.
struct GateReaderTests {
    @Test func everyReader_getsTheTurn_preRollFirst() async throws {
        let microphone = Microphone(of: ["alice", "bob"])
        let all = try #require(microphone.reader())
        let hers = try #require(microphone.reader(of: "alice"))
        let his = try #require(microphone.reader(of: "bob"))
        microphone.say(30)
        microphone.open(preRoll: 10, lag: 2)
        microphone.say(20)
        microphone.end(lag: 2)
        microphone.say(20)
        microphone.say(20, as: "bob")
        let turn = Array(23...52)
        #expect(await all.rest() == turn)
        #expect(await hers.rest() == turn)
        #expect(await his.rest().isEmpty)
    }

    @Test func aSlowReader_losesItsOwnOldest_isToldHowMany_andOthersLoseNone() async throws {
        let microphone = Microphone()
        let slow = try #require(microphone.reader())
        let quick = try #require(microphone.reader())
        microphone.open(preRoll: 0, lag: 0)
        var heard: [Int] = []
        for _ in 0..<7 {
            microphone.say(100)
            heard += (await quick.next() ?? []).map(\.number)
        }
        #expect(heard == Array(1...700))
        #expect(quick.report.sentFrames == 700 && quick.report.droppedFrames == 0)
        let lost = 700 - AudioReaderQueue.capacity
        #expect(slow.report.sentFrames == 0 && slow.report.droppedFrames == Int64(lost))
        #expect(await slow.rest() == Array((lost + 1)...700))
        #expect(slow.report.sentFrames == Int64(AudioReaderQueue.capacity))
        #expect(microphone.recorded()?.frames == Array(1...700))
    }

    @Test func aReaderThatWaits_getsTheFrameAtOnce() async throws {
        let microphone = Microphone()
        let reader = try #require(microphone.reader())
        microphone.open(preRoll: 0, lag: 0)
        async let first = reader.next()
        // Whether it waits already or not, it gets the same.
        await Task.yield()
        microphone.say(1)
        #expect(await first?.map(\.number) == [1])
        #expect(reader.report.sentFrames == 1)
    }

    @Test func aCancelledWait_ends_andTheFramesStay() async throws {
        let microphone = Microphone()
        let reader = try #require(microphone.reader())
        let wait = Task { await reader.next() }
        await Task.yield()
        wait.cancel()
        #expect(await wait.value == nil)
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(2)
        #expect(await reader.rest() == [1, 2])
    }

    @Test func closingTheGate_letsReadersReadOn_andThenEnds() async throws {
        let microphone = Microphone()
        let reader = try #require(microphone.reader())
        microphone.open(preRoll: 0, lag: 0)
        microphone.say(3)
        microphone.gate.close()
        microphone.say(3)
        #expect(await reader.next()?.map(\.number) == [1, 2, 3])
        #expect(await reader.next() == nil)
        #expect(microphone.reader() == nil)
    }

    @Test func readers_areBounded_andOneThatGoesMakesRoom() throws {
        let gate = Microphone().gate
        let time = Timestamp(microseconds: 0)
        let first = try #require(gate.addReader(ReaderID(uuid: UUID()), participant: nil, since: time, limit: 2))
        #expect(gate.addReader(ReaderID(uuid: UUID()), participant: "bob", since: time, limit: 2) != nil)
        #expect(gate.addReader(ReaderID(uuid: UUID()), participant: nil, since: time, limit: 2) == nil)
        first.close()
        first.close()
        #expect(gate.readerReports.map(\.participant) == ["bob"])
        #expect(gate.addReader(ReaderID(uuid: UUID()), participant: nil, since: time, limit: 2) != nil)
    }

    @Test func aNewReader_getsNothingOfBefore() async throws {
        let microphone = Microphone(of: ["alice", "bob"])
        let early = try #require(microphone.reader())
        for who in ["alice", "bob"] { microphone.gate.open(who, AudioGate.Opening(lag: .zero, preRoll: .zero)) }
        // Alice's frames wait for bob's when the reader goes.
        microphone.sayNow(as: "bob")
        for _ in 0..<3 { microphone.sayNow() }
        early.close()
        microphone.say(100)
        let late = try #require(microphone.reader())
        microphone.say(2)
        #expect(await late.rest() == [104, 105])
    }
}
