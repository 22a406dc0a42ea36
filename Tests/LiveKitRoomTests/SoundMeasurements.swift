import Domain
import Foundation
import TestSupport
import Testing

@testable import LiveKitRoom

extension LiveKitRoomTests {
    /// What `AudioDelays` is calibrated by. Not tests: figures of this very
    /// machine, printed when `TURNGATE_MEASURE` is set. The peer's clock is ours.
    @Suite(.serialized, .enabled(if: ProcessInfo.processInfo.environment["TURNGATE_MEASURE"] != nil))
    struct SoundMeasurements {
        /// The first loud frame, less the packet that the peer sent as the
        /// sound began; beside it, `audioLag`.
        @Test
        func lagOfReceivedSound() async throws {
            let room = try await SoundRoom.join()
            let ear = Ear()
            let sid = try await room.pat.ask("publish", ["queue": "0"])
            let edges = Task { try await room.pat.ask("edges", ["count": "20"]) }
            try await room.receive(sid, of: "pat", with: ear)
            var (lags, seen) = ([Double](), 0)
            for _ in 0..<20 {
                let packets = { room.events.all.filter { if case .dataReceived = $0 { true } else { false } }.count }
                while packets() == seen { try await Task.sleep(for: .milliseconds(1)) }
                let mark = ProcessInfo.processInfo.systemUptime
                seen = packets()
                try await Task.sleep(for: .milliseconds(500))
                let edge = ear.frames.first { $0.tone != nil && $0.at > mark - 0.02 }
                lags.append(((edge?.at ?? .nan) - mark) * 1000)
            }
            _ = try await edges.value
            report("lag", lags, room.ava.audioLag(of: sid))
            try await room.leave()
        }

        /// The peer's last loud frame, less the arrival of a packet that we sent
        /// when our queue had run empty; beside it, `listenersDelay`.
        @Test
        func delayOfTheVoice() async throws {
            let room = try await SoundRoom.join()
            let voice = try await room.openVoice()
            var delays: [Double] = []
            for round in 0..<20 {
                if round % 2 == 1 { try voice.setMuted(true) }
                try await Task.sleep(for: .milliseconds(300))
                try await room.pat.ask("forget")
                try voice.setMuted(false)
                for number in 0..<25 { try await voice.play(SoundRoom.frame(1000, number)) }
                try await Task.sleep(for: voice.backlog)
                try await room.ava.sendData([1], topic: "end", reliable: true, destinations: ["pat"])
                try await Task.sleep(for: .milliseconds(600))
                let heard = try await room.peerHeard()
                delays.append((heard.loud.last?[0] ?? .nan) - (heard.marks.last ?? .nan))
            }
            report("delay", delays, await voice.listenersDelay())
            await voice.close()
            try await room.leave()
        }

        private func report(_ what: String, _ measured: [Double], _ told: Duration?) {
            let list = measured.map { String(format: "%.0f", $0) }.joined(separator: " ")
            let median = String(format: "%.1f", measured.sorted()[measured.count / 2])
            print("MEASURED \(what) in ms: \(list); median \(median); told: \(told, default: "nothing")")
        }
    }
}
