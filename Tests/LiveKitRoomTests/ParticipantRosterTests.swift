import Domain
import Testing

@testable import LiveKitRoom

struct ParticipantRosterTests {
    private func info(_ identity: String, sid: String, state: WireParticipantState = .joined) -> WireParticipantInfo {
        .with { ($0.identity, $0.sid, $0.state, $0.kind) = (identity, sid, state, .standard) }
    }

    private func roster() -> ParticipantRoster {
        ParticipantRoster(.with { $0.localParticipant.info = info("ava", sid: "PA_a") })
    }

    private func connected(_ info: WireParticipantInfo) -> WireRoomEvent.OneOf_Message {
        .participantConnected(.with { $0.info.info = info })
    }

    @Test
    func samePresenceToldTwice_joinsOnce() {
        var roster = roster()
        let first = roster.apply(connected(info("pat", sid: "PA_1")))
        let second = roster.apply(connected(info("pat", sid: "PA_1")))
        #expect(first.count == 1 && second == [])
        #expect(roster.remote.count == 1)
    }

    @Test
    func anotherPresenceOfAnIdentity_leavesAndJoins() {
        var roster = roster()
        _ = roster.apply(connected(info("pat", sid: "PA_1")))
        let told = roster.apply(connected(info("pat", sid: "PA_2")))
        guard case .participantLeft(let gone) = told.first, case .participantJoined(let new) = told.last else {
            Issue.record("told \(told)")
            return
        }
        #expect(told.count == 2)
        #expect(gone.sid == "PA_1" && gone.state == .disconnected && new.sid == "PA_2")
    }

    @Test
    func updateThatChangesNothing_isNotTold_andTracksOutliveIt() {
        var roster = roster()
        _ = roster.apply(connected(info("pat", sid: "PA_1")))
        _ = roster.apply(
            .trackPublished(
                .with {
                    $0.participantIdentity = "pat"
                    $0.publication.info = .with { ($0.sid, $0.kind, $0.muted) = ("TR_1", .kindAudio, true) }
                }))
        let nothing = roster.apply(.participantsUpdated(.with { $0.participants = [info("pat", sid: "PA_1")] }))
        #expect(nothing == [])
        let told = roster.apply(
            .participantsUpdated(.with { $0.participants = [info("pat", sid: "PA_1", state: .active)] }))
        #expect(told.count == 1)
        #expect(roster.remote[0].state == .active)
        #expect(roster.remote[0].audio == [AudioPublication(trackSid: "TR_1", name: "", muted: true)])
    }

    @Test
    func videoTracks_areNotKept() {
        var roster = roster()
        _ = roster.apply(connected(info("pat", sid: "PA_1")))
        let told = roster.apply(
            .trackPublished(
                .with {
                    $0.participantIdentity = "pat"
                    $0.publication.info = .with { ($0.sid, $0.kind) = ("TR_1", .kindVideo) }
                }))
        #expect(told == [] && roster.remote[0].audio == [])
    }

    @Test
    func ourOwnChanges_areKeptButNotTold() {
        var roster = roster()
        let told = roster.apply(
            .participantAttributesChanged(
                .with {
                    $0.participantIdentity = "ava"
                    $0.attributes = [.with { ($0.key, $0.value) = ("k", "v") }]
                }))
        #expect(told == [] && roster.local.attributes == ["k": "v"])
    }

    @Test
    func kindThatTheSubsetDoesNotKnow_isUnknown() throws {
        // Field 7 with the value 99, as a newer core would send it.
        let unknown = try WireParticipantInfo(serializedBytes: [0x38, 99], partial: true)
        #expect(RoomParticipant(unknown).kind == .unknown)
    }

    @Test
    func everyReasonOfTheCore_isToldApartAsFarAsThePortDoes() {
        #expect(RoomDisconnectReason(.serverShutdown) == .serverShutdown)
        #expect(RoomDisconnectReason(.signalClose) == .connectionLost)
        #expect(RoomDisconnectReason(.agentError) == .unknown)
    }
}
