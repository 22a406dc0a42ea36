import Domain
import Foundation
import TestSupport
import Testing

@testable import LiveKitRoom

/// Our agent in a room with one that makes and hears sound.
struct SoundRoom {
    /// What `sound_peer.py` has heard: milliseconds of uptime, loudness, tone.
    struct PeerHeard: Decodable {
        var frames: [[Double]]
        /// When data packets of ours came.
        var marks: [Double]

        var loud: [[Double]] { frames.filter { $0[1] > Double(Ear.loud) } }
        var tones: [Int] { loud.map { Int($0[2]) } }
    }

    let server: DevelopmentRoomServer
    let ava: LiveKitRoomConnection
    let events: EventLog
    let pat: OfficialPeer
    /// How often a handle had been given back wrongly before.
    let strays: Int

    static func join() async throws -> SoundRoom {
        let strays = try RoomFixture.core().strayDrops.load(ordering: .relaxed)
        let server = try await DevelopmentRoomServer.start()
        let joined = try await RoomFixture.connector(server.url)
            .connect(RoomFixture.join("ava", room: "r"), deadline: .seconds(60))
        let ava = try #require(joined as? LiveKitRoomConnection)
        let events = EventLog(ava)
        let pat = try await peer("pat", server)
        try await RoomFixture.eventually { ava.remoteParticipants.first?.state == .active }
        return SoundRoom(server: server, ava: ava, events: events, pat: pat, strays: strays)
    }

    static func peer(_ identity: String, _ server: DevelopmentRoomServer) async throws -> OfficialPeer {
        try await OfficialPeer.join(server, identity: identity, room: "r", script: "sound_peer")
    }

    /// Publishes a peer's track, has it received, and returns its sid when its
    /// first frame has come.
    func hear(_ peer: OfficialPeer, _ identity: String, with ear: Ear) async throws -> String {
        let sid = try await peer.ask("publish")
        try await receive(sid, of: identity, with: ear)
        return sid
    }

    func receive(_ sid: String, of identity: String, with ear: Ear) async throws {
        try await RoomFixture.eventually {
            ava.remoteParticipants.contains { $0.audio.contains { $0.trackSid == sid } }
        }
        ear.forget()
        try await ava.receiveAudio(sid, from: identity, into: ear.sink)
        try await RoomFixture.eventually { ear.count > 0 }
    }

    /// Opens the voice; returns when the peer hears it.
    func openVoice() async throws -> any RoomVoice {
        let voice = try await ava.openVoice("agent-voice")
        #expect(await voice.awaitListener(within: .seconds(60)))
        try await RoomFixture.eventually { try await peerHeard().frames.isEmpty == false }
        try await pat.ask("forget")
        return voice
    }

    func peerHeard() async throws -> PeerHeard {
        try JSONDecoder().decode(PeerHeard.self, from: Data(try await pat.ask("heard").utf8))
    }

    /// A frame of a tone, the `number`th of its kind.
    static func frame(_ hz: Int, _ number: Int) -> AudioFrame {
        let step = 2 * Double.pi * Double(hz) / Double(AudioFrame.sampleRate)
        let start = number * AudioFrame.sampleCount
        return AudioFrame((0..<AudioFrame.sampleCount).map { Int16(12_000 * sin(Double(start + $0) * step)) })
    }

    /// Ends all; every handle has to be back then.
    func leave(_ others: OfficialPeer...) async throws {
        for peer in [pat] + others { try await peer.leave() }
        await ava.disconnect()
        try await RoomFixture.eventually { try RoomFixture.core().liveHandleCount == 0 }
        #expect(try RoomFixture.core().strayDrops.load(ordering: .relaxed) == strays)
        await server.kill()
    }
}
