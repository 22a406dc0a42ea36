import Domain
import Foundation
import TestSupport
import Testing

@testable import LiveKitRoom

extension LiveKitRoomTests {
    /// What participants with LiveKit's own SDK hear of our agent.
    @Suite(.serialized)
    struct RoomVoiceTests {
        @Test
        func voice_isHeardWhole_andItsQueueIsShort() async throws {
            let room = try await SoundRoom.join()
            let voice = try await room.openVoice()
            var longest = Duration.zero
            for step in 0..<20 {
                for number in 0..<5 {
                    try await voice.play(SoundRoom.frame(Ear.scale[step % 8], number))
                    longest = max(longest, voice.backlog)
                }
            }
            #expect(longest <= .milliseconds(110))
            try await Task.sleep(for: voice.backlog)
            #expect(voice.backlog == .zero)
            let wanted = (0..<20).map { Ear.scale[$0 % 8] }
            try await expectHeard(wanted, in: room)
            let delay = await voice.listenersDelay()
            #expect(delay >= .milliseconds(20) && delay <= .milliseconds(500))
            await voice.close()
            await voice.close()
            await #expect(throws: RoomError.self) { try await voice.play(.silence) }
            try await room.leave()
        }

        @Test
        func clearedVoice_fallsSilent_andSpeaksAgain() async throws {
            let room = try await SoundRoom.join()
            let voice = try await room.openVoice()
            // Several at once: the last ones wait for room when it is cleared.
            let begin = ContinuousClock.now
            for number in 0..<4 { try await voice.play(SoundRoom.frame(400, number)) }
            let late = Task { try await voice.play(SoundRoom.frame(400, 4)) }
            try voice.clear()
            let sent = Int((ContinuousClock.now - begin) / AudioFrame.duration)
            #expect(voice.backlog <= AudioFrame.duration)
            try await late.value
            for number in 0..<10 { try await voice.play(SoundRoom.frame(1000, number)) }
            try await RoomFixture.eventually { try await room.peerHeard().tones.filter { $0 == 1000 }.count >= 8 }
            // Of the 100 ms at most what had been sent by then, and the frames at
            // both of its ends.
            #expect(try await room.peerHeard().tones.filter { $0 == 400 }.count <= sent + 3)
            await voice.close()
            try await room.leave()
        }

        @Test
        func mutedVoice_isShownMuted_andItsFirstSoundAfterIsHeard() async throws {
            let room = try await SoundRoom.join()
            let voice = try await room.openVoice()
            for _ in 0..<3 {
                try voice.setMuted(true)
                try await room.pat.event("muted")
                try await room.pat.ask("forget")
                try voice.setMuted(false)
                for step in 0..<4 {
                    for number in 0..<5 { try await voice.play(SoundRoom.frame(Ear.scale[step], number)) }
                }
                try await room.pat.event("unmuted")
                try await expectHeard(Array(Ear.scale.prefix(4)), in: room)
            }
            try voice.setMuted(true)
            try await room.pat.event("muted")
            try await room.pat.ask("forget")
            for number in 0..<10 { try await voice.play(SoundRoom.frame(1800, number)) }
            try await Task.sleep(for: voice.backlog + .milliseconds(200))
            #expect(try await room.peerHeard().loud.isEmpty)
            await voice.close()
            try await room.leave()
        }

        @Test
        func cancelledPlayer_leavesTheVoiceUsable() async throws {
            let room = try await SoundRoom.join()
            let voice = try await room.openVoice()
            for _ in 0..<5 {
                let player = Task { for number in 0... { try await voice.play(SoundRoom.frame(400, number)) } }
                try await Task.sleep(for: .milliseconds(130))
                player.cancel()
                _ = await player.result
            }
            for number in 0..<10 { try await voice.play(SoundRoom.frame(1000, number)) }
            try await RoomFixture.eventually { try await room.peerHeard().tones.filter { $0 == 1000 }.count >= 8 }
            await voice.close()
            try await room.leave()
        }

        @Test
        func voice_survivesReconnects_underItsNewTrack() async throws {
            let room = try await SoundRoom.join()
            let voice = try await room.openVoice()
            for round in 0..<3 {
                let before = room.events.all.filter { $0 == .reconnected }.count
                try await ServerAPI.faults(
                    room.server, #"{"refuse_resume": \#(round > 0), "kill_signalling": {"identity": "ava"}}"#)
                // The voice goes on as if nothing had happened.
                try await RoomFixture.eventually {
                    try await voice.play(.silence)
                    return round == 0 || room.events.all.filter { $0 == .reconnected }.count > before
                }
                #expect(await voice.awaitListener(within: .seconds(60)))
                try await RoomFixture.eventually {
                    for number in 0..<10 { try await voice.play(SoundRoom.frame(1000, number)) }
                    return try await room.peerHeard().tones.filter { $0 == 1000 }.count >= 8
                }
                try await room.pat.ask("forget")
            }
            // It is known by its new sid, so it can be muted and taken back.
            try voice.setMuted(true)
            try await room.pat.event("muted")
            await voice.close()
            try await room.leave()
        }

        @Test
        func voicesAreOneAtATime_andLeakNothing() async throws {
            let server = try await DevelopmentRoomServer.start()
            let connector = try RoomFixture.connector(server.url)
            // A room keeps about 150 KB for each track that it ever had, until
            // it is left; the next one gets the same memory.
            try await openAndClose(25, connector)
            let before = try Memory.resident()
            for _ in 0..<2 { try await openAndClose(25, connector) }
            let growth = try Memory.resident() - before
            #expect(growth < 50 * 100 << 10, "\(growth / 50) bytes a voice")
            #expect(try RoomFixture.core().liveHandleCount == 0)
            await server.kill()
        }

        private func openAndClose(_ voices: Int, _ connector: LiveKitConnector) async throws {
            let ava = try await connector.connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            let handles = try RoomFixture.core().liveHandleCount
            for _ in 0..<voices {
                let voice = try await ava.openVoice("agent-voice")
                await #expect(throws: RoomError.self) { try await ava.openVoice("agent-voice") }
                try await voice.play(.silence)
                await voice.close()
                #expect(try RoomFixture.core().liveHandleCount == handles)
            }
            await ava.disconnect()
        }

        @Test
        func voiceWithoutListeners_isToldSo_andEndsWithItsRoom() async throws {
            let server = try await DevelopmentRoomServer.start()
            let ava = try await RoomFixture.connector(server.url)
                .connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            let voice = try await ava.openVoice("agent-voice")
            #expect(await voice.awaitListener(within: .milliseconds(300)) == false)
            let waiting = Task { await voice.awaitListener(within: .seconds(30)) }
            let playing = Task { while true { try await voice.play(.silence) } }
            try await Task.sleep(for: .milliseconds(200))
            await ava.disconnect()
            #expect(await waiting.value == false)
            await #expect(throws: RoomError.self) { try await playing.value }
            await voice.close()
            #expect(try RoomFixture.core().liveHandleCount == 0)
            await server.kill()
        }

        /// Waits until the peer has heard these tones, in this order and no
        /// others, and silence after them.
        private func expectHeard(
            _ tones: [Int], in room: SoundRoom, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            var heard: [Int] = []
            try await RoomFixture.eventually(
                {
                    let all = try await room.peerHeard()
                    heard = Ear.runs(Ear.runs(all.tones).filter { $0.frames > 1 }.map(\.tone)).map(\.tone)
                    return heard == tones && all.frames.suffix(5).allSatisfy { $0[2] == 0 }
                }, "heard another", sourceLocation: sourceLocation)
            #expect(heard == tones, sourceLocation: sourceLocation)
        }
    }
}
