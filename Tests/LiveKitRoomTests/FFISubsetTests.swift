import Foundation
import TestSupport
import Testing

@testable import LiveKitRoom

/// Our protocol against the one in the installed wheel.
struct FFISubsetTests {
    private struct Summary: Decodable {
        var messages: Int
        var fields: Int
        var handles: [String]
    }

    /// The script's summary; any difference, and any lack of the wheel, of
    /// Python or of protoc, is a failure.
    private func summary() async throws -> Summary {
        let check = try await FinishedProgram.run([
            TestTools.python, TestTools.root + "/Tests/LiveKitRoomTests/Peers/check_subset.py",
            TestTools.root + "/Sources/LiveKitRoom/Protos/livekit_ffi_subset.proto", "1.2.1",
        ])
        try #require(check.status == 0, "\(check.errors)")
        return try JSONDecoder().decode(Summary.self, from: check.output)
    }

    @Test
    func subset_agreesWithTheWheel_andItsHandlesAreAllDropped() async throws {
        let summary = try await summary()
        #expect(summary.messages > 80 && summary.fields > 200)
        #expect(Set(summary.handles) == Set(Self.events.keys))
        for (path, event) in Self.events {
            #expect(event.ownedHandles.contains(7), "the handle at \(path) is not dropped")
        }
    }

    /// For each place of a handle, an event that has the handle 7 there.
    private static let events: [String: WireFfiEvent.OneOf_Message] = [
        "audio_stream_event.frame_received.frame.handle": .audioStreamEvent(
            .with { $0.frameReceived.frame.handle.id = 7 }),
        "byte_stream_open.writer.handle": .byteStreamOpen(.with { $0.writer.handle.id = 7 }),
        "text_stream_open.writer.handle": .textStreamOpen(.with { $0.writer.handle.id = 7 }),
        "publish_track.publication.handle": .publishTrack(.with { $0.publication.handle.id = 7 }),
        "connect.result.room.handle": .connect(.with { $0.result.room.handle.id = 7 }),
        "connect.result.local_participant.handle": .connect(.with { $0.result.localParticipant.handle.id = 7 }),
        "connect.result.participants.participant.handle": .connect(
            .with { $0.result.participants = [.with { $0.participant.handle.id = 7 }] }),
        "connect.result.participants.publications.handle": .connect(
            .with { $0.result.participants = [.with { $0.publications = [.with { $0.handle.id = 7 }] }] }),
        "room_event.byte_stream_opened.reader.handle": room { $0.byteStreamOpened.reader.handle.id = 7 },
        "room_event.text_stream_opened.reader.handle": room { $0.textStreamOpened.reader.handle.id = 7 },
        "room_event.data_packet_received.user.data.handle": room { $0.dataPacketReceived.user.data.handle.id = 7 },
        "room_event.data_track_published.track.handle": room { $0.dataTrackPublished.track.handle.id = 7 },
        "room_event.participant_connected.info.handle": room { $0.participantConnected.info.handle.id = 7 },
        "room_event.track_published.publication.handle": room { $0.trackPublished.publication.handle.id = 7 },
        "room_event.track_subscribed.track.handle": room { $0.trackSubscribed.track.handle.id = 7 },
    ]

    private static func room(_ fill: (inout WireRoomEvent) -> Void) -> WireFfiEvent.OneOf_Message {
        var event = WireRoomEvent()
        fill(&event)
        return .roomEvent(event)
    }
}
