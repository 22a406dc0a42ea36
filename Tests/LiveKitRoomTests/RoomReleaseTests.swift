import Domain
import Foundation
import TestSupport
import Testing

@testable import LiveKitRoom

extension LiveKitRoomTests {
    /// What stays in the core of rooms in which somebody was heard.
    @Suite(.serialized)
    struct RoomReleaseTests {
        /// A room that is not let go takes about 400 KiB, and the threads of the
        /// first such one stay. The track is taken back first because the core
        /// itself keeps any room that is left with one in it, see `closeRoom`.
        @Test
        func roomsInWhichSomebodyWasHeard_areLetGo_whenTheTrackWentFirst() async throws {
            let rooms = 20
            let runtimes = try Self.runtimes()
            let server = try await DevelopmentRoomServer.start()
            let pat = try await SoundRoom.peer("pat", server)
            for _ in 0..<5 { try await visit(server, pat) }
            let before = try Memory.allocated()
            for _ in 0..<rooms { try await visit(server, pat) }
            // The core takes its time with what it lets go.
            try await RoomFixture.eventually {
                try Memory.allocated() - before < rooms * 100 << 10 && Self.runtimes() <= runtimes
            }
            #expect(try RoomFixture.core().liveHandleCount == 0)
            try await pat.leave()
            await server.kill()
        }

        /// Hears pat for a moment and leaves when the track is gone.
        private func visit(_ server: DevelopmentRoomServer, _ pat: OfficialPeer) async throws {
            let ava = try await RoomFixture.connector(server.url)
                .connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
            let ear = Ear()
            let sid = try await pat.ask("publish")
            try await RoomFixture.eventually { ava.remoteParticipants.first?.audio.first?.trackSid == sid }
            try await ava.receiveAudio(sid, from: "pat", into: ear.sink)
            try await RoomFixture.eventually { ear.count > 0 }
            try await pat.ask("unpublish")
            try await RoomFixture.eventually { ava.remoteParticipants.first?.audio.isEmpty == true }
            await ava.disconnect()
        }

        /// How many of the core's WebRTC runtimes run in this process.
        private static func runtimes() throws -> Int {
            let tasks = "/proc/self/task"
            return try FileManager.default.contentsOfDirectory(atPath: tasks).filter { task in
                // A thread may end while its name is asked for.
                (try? String(contentsOfFile: "\(tasks)/\(task)/comm", encoding: .utf8))?.hasPrefix("network_thread")
                    == true
            }.count
        }
    }
}
