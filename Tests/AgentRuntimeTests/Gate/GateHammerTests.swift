import Domain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import AgentRuntime

/// The gate from eight threads at once.
struct GateHammerTests {
    private static let names = ["alice", "bob", "carol", "dave"]

    /// Runs `bodies` on a thread each and returns when all are through.
    private func onThreads(_ bodies: [@Sendable () -> Void]) async {
        let group = DispatchGroup()
        for body in bodies {
            group.enter()
            Thread.detachNewThread {
                body()
                group.leave()
            }
        }
        await withCheckedContinuation { continuation in
            group.notify(queue: .global()) { continuation.resume() }
        }
    }

    @Test func framesAndOrders_fromEightThreads_tearNoEdge() async throws {
        let microphone = Microphone(preRollFrames: 5, of: Self.names)
        let gate = microphone.gate
        let readers = try Self.names.map { try #require(microphone.reader(of: $0)) }
        let collected = readers.map { reader in
            Task {
                var numbers: [Int] = []
                while let frames = await reader.next() { numbers += frames.map(\.number) }
                return numbers
            }
        }
        let speakers = Self.names.map { name -> @Sendable () -> Void in
            {
                for number in 1...4000 {
                    gate.receive(AudioFrame(number: number), of: name, trackSid: "TR_\(name)")
                    if number % 50 == 0 { Thread.sleep(forTimeInterval: 0.0002) }
                }
            }
        }
        let orders = Self.names.map { name -> @Sendable () -> Void in
            {
                for round in 0..<1500 {
                    let lag = Duration.milliseconds(20 * (round % 3))
                    gate.open(name, AudioGate.Opening(lag: lag, preRoll: .milliseconds(100)))
                    if round % 5 == 0 {
                        _ = gate.shutAfterTail(name, lag: lag) {}
                    } else {
                        gate.shut(name, lag: lag)
                    }
                    if round % 97 == 0 { _ = gate.sights.count + gate.readerReports.count }
                }
                gate.open(name, AudioGate.Opening(lag: .zero, preRoll: .zero))
            }
        }
        await onThreads(speakers + orders)
        microphone.gate.close()
        for (task, reader) in zip(collected, readers) {
            let numbers = await task.value
            #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
            #expect(reader.report.sentFrames == Int64(numbers.count))
        }
    }

    @Test func aMixedStream_whileSpeakersComeAndGo_keepsEverySpeakersOrder() async throws {
        let microphone = Microphone(preRollFrames: 0, of: ["alice", "bob"])
        let gate = microphone.gate
        let reader = try #require(microphone.reader())
        let collected = Task {
            var numbers: [Int] = []
            while let frames = await reader.next() { numbers += frames.map(\.number) }
            return numbers
        }
        gate.open("alice", AudioGate.Opening(lag: .zero, preRoll: .zero))
        await onThreads([
            {
                for number in 1...6000 {
                    gate.receive(AudioFrame(number: number), of: "alice", trackSid: "TR_alice")
                    if number % 20 == 0 { Thread.sleep(forTimeInterval: 0.0002) }
                }
            },
            {
                // Bob is silent: what he adds to a sum is nothing.
                for round in 0..<3000 {
                    gate.add("bob", trackSid: "TR_\(round)")
                    gate.open("bob", AudioGate.Opening(lag: .zero, preRoll: .zero))
                    gate.receive(.silence, of: "bob", trackSid: "TR_\(round)")
                    gate.remove("bob")
                }
            },
        ])
        gate.close()
        let numbers = await collected.value.filter { $0 != 0 }
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy { $0 < $1 })
    }
}
