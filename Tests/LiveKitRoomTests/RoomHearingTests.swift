import Domain
import Foundation
import TestSupport
import Testing

@testable import LiveKitRoom

extension LiveKitRoomTests {
    /// What our agent hears of participants with LiveKit's own SDK.
    @Suite(.serialized)
    struct RoomHearingTests {
        @Test
        func sound_arrivesWhole_inFramesOf20Milliseconds() async throws {
            let room = try await SoundRoom.join()
            let ear = Ear()
            let sid = try await room.hear(room.pat, "pat", with: ear)
            let steps = 50
            try await room.pat.ask("steps", ["count": "\(steps)"])
            let wanted = (0..<steps).map { Ear.scale[$0 % Ear.scale.count] }
            // A frame at the border of two tones may show a third.
            let heard = { Ear.runs(ear.runs.filter { $0.frames > 1 }.map(\.tone)).map(\.tone) }
            try await RoomFixture.eventually { heard().count >= steps }
            #expect(heard() == wanted)
            // 50 frames for each second of sound; the jitter buffer presses a little,
            // and stretches to as long as it took to come.
            let loud = ear.frames.filter { $0.tone != nil }
            let took = try #require(loud.last).at - (try #require(loud.first)).at
            let most = max(steps * 5, Int(took * 50)) * 115 / 100
            #expect((steps * 5 * 90 / 100...most).contains(loud.count), "\(loud.count) frames in \(took) s")
            let lag = try #require(room.ava.audioLag(of: sid))
            #expect(lag >= .milliseconds(20) && lag <= .milliseconds(500))
            try await room.leave()
        }

        @Test
        func track_isHeard_throughMuteStopAndRepublishing() async throws {
            let room = try await SoundRoom.join()
            let ear = Ear()
            let sid = try await room.hear(room.pat, "pat", with: ear)
            try await expectTone(600, of: room.pat, in: ear)
            try await room.pat.ask("mute")
            try await RoomFixture.eventually { room.ava.remoteParticipants.first?.audio.first?.muted == true }
            try await room.pat.ask("unmute")
            try await expectTone(800, of: room.pat, in: ear)

            await room.ava.stopReceivingAudio(sid)
            let stopped = ear.count
            #expect(room.ava.audioLag(of: sid) == nil)
            try await room.pat.ask("tone", ["hz": "1000", "ms": "200"])
            #expect(ear.count == stopped)
            await room.ava.stopReceivingAudio(sid)

            try await room.receive(sid, of: "pat", with: ear)
            try await expectTone(1200, of: room.pat, in: ear)
            try await room.pat.ask("unpublish")
            try await RoomFixture.eventually { room.ava.remoteParticipants.first?.audio.isEmpty == true }
            let again = try await room.hear(room.pat, "pat", with: ear)
            #expect(again != sid)
            try await expectTone(1400, of: room.pat, in: ear)
            // A second sink takes over from the first.
            let other = Ear()
            try await room.receive(again, of: "pat", with: other)
            ear.forget()
            try await expectTone(1600, of: room.pat, in: other)
            #expect(ear.count == 0)
            try await room.leave()
        }

        @Test
        func heldBackTrack_sendsNoPackets_untilItIsLetThrough() async throws {
            let room = try await SoundRoom.join()
            let ear = Ear()
            let sid = try await room.hear(room.pat, "pat", with: ear)
            let track = try #require(room.ava.audio.trackHandle(of: sid))
            try await room.ava.setAudioFlow(sid, isOn: false)
            // What was on its way comes still.
            var packets = try await packets(track)
            try await RoomFixture.eventually {
                try await Task.sleep(for: .milliseconds(100))
                let before = packets
                packets = try await self.packets(track)
                return packets == before
            }
            let frames = ear.count
            try await room.pat.ask("tone", ["hz": "600", "ms": "300"])
            #expect(try await self.packets(track) == packets)
            #expect(ear.count == frames)
            try await room.ava.setAudioFlow(sid, isOn: true)
            try await expectTone(800, of: room.pat, in: ear)
            #expect(try await self.packets(track) > packets)
            await #expect(throws: RoomError.self) { try await room.ava.setAudioFlow("TR_other", isOn: true) }
            try await room.leave()
        }

        @Test
        func twoParticipants_areHeardApart_andAReconnectEndsNeither() async throws {
            let room = try await SoundRoom.join()
            let sam = try await SoundRoom.peer("sam", room.server)
            let ears = [Ear(), Ear()]
            _ = try await room.hear(room.pat, "pat", with: ears[0])
            let held = try await room.hear(sam, "sam", with: ears[1])
            try await expectBoth(room.pat, sam, ears)

            // The server takes the old connection up again.
            try await ServerAPI.faults(room.server, #"{"kill_signalling": {"identity": "ava"}}"#)
            try await expectBoth(room.pat, sam, ears)
            // The server has forgotten us: the core joins from the start, and
            // a track that was held back is held back again.
            try await room.ava.setAudioFlow(held, isOn: false)
            let before = room.events.all.filter { $0 == .reconnected }.count
            try await ServerAPI.faults(
                room.server, #"{"refuse_resume": true, "kill_signalling": {"identity": "ava"}}"#)
            try await RoomFixture.eventually { room.events.all.filter { $0 == .reconnected }.count > before }
            try await expectTone(1000, of: room.pat, in: ears[0])
            let frames = ears[1].count
            try await sam.ask("tone", ["hz": "1200", "ms": "200"])
            #expect(ears[1].count == frames)
            try await room.ava.setAudioFlow(held, isOn: true)
            try await expectBoth(room.pat, sam, ears)
            try await room.leave(sam)
        }

        @Test
        func receiving_isRefused_onceTheRoomIsLeft() async throws {
            let room = try await SoundRoom.join()
            let ear = Ear()
            let sid = try await room.hear(room.pat, "pat", with: ear)
            await room.ava.disconnect()
            let frames = ear.count
            await #expect(throws: RoomError.disconnected) {
                try await room.ava.receiveAudio(sid, from: "pat", into: ear.sink)
            }
            await #expect(throws: RoomError.disconnected) { try await room.ava.setAudioFlow(sid, isOn: false) }
            await #expect(throws: RoomError.disconnected) { try await room.ava.openVoice("agent-voice") }
            await room.ava.stopReceivingAudio(sid)
            #expect(room.ava.audioLag(of: sid) == nil && ear.count == frames)
            try await room.leave()
        }

        /// Has a peer play a tone until it was heard.
        private func expectTone(
            _ hz: Int, of peer: OfficialPeer, in ear: Ear, sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            ear.forget()
            try await RoomFixture.eventually(
                {
                    try await peer.ask("tone", ["hz": "\(hz)", "ms": "200"])
                    return ear.tones.filter { $0 == hz }.count >= 5
                }, "never heard \(hz) Hz; heard \(ear.runs)", sourceLocation: sourceLocation)
        }

        private func expectBoth(
            _ pat: OfficialPeer, _ sam: OfficialPeer, _ ears: [Ear], sourceLocation: SourceLocation = #_sourceLocation
        ) async throws {
            async let one: Void = expectTone(600, of: pat, in: ears[0], sourceLocation: sourceLocation)
            async let two: Void = expectTone(1400, of: sam, in: ears[1], sourceLocation: sourceLocation)
            _ = try await (one, two)
            #expect(!ears[0].runs.contains { $0.tone == 1400 && $0.frames > 2 }, sourceLocation: sourceLocation)
            #expect(!ears[1].runs.contains { $0.tone == 600 && $0.frames > 2 }, sourceLocation: sourceLocation)
        }

        /// The packets that have come of a track.
        private func packets(_ track: UInt64) async throws -> UInt64 {
            let outcome = try await RoomFixture.core().call("ask", timeout: .seconds(10)) { asyncID in
                .getStats(
                    .with {
                        $0.trackHandle = track
                        $0.requestAsyncID = asyncID
                    })
            }
            guard case .delivered(let delivery) = outcome, case .getStats(let answer) = delivery.message else {
                throw LineProcessError.silent
            }
            let inbound = answer.stats.compactMap { stats in
                if case .inboundRtp(let figures) = stats.stats { figures.received.packetsReceived } else { nil }
            }
            return try #require(inbound.first)
        }
    }
}
