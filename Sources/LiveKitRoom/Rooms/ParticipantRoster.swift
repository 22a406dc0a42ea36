import Domain

/// Who is in the room, by what the core has told. A value: room events in,
/// what they mean for the consumer out.
struct ParticipantRoster {
    private(set) var local: RoomParticipant
    private(set) var roomSid: String?
    /// In the order they came.
    private(set) var remote: [RoomParticipant] = []

    init(_ joined: WireConnectCallback.Result) {
        local = RoomParticipant(joined.localParticipant.info)
        roomSid = joined.room.info.sid.isEmpty ? nil : joined.room.info.sid
        for entry in joined.participants {
            var participant = RoomParticipant(entry.participant.info)
            participant.audio = entry.publications.compactMap { AudioPublication($0.info) }
            remote.append(participant)
        }
    }

    /// Takes in one event; gives what changed by it, in order.
    mutating func apply(_ event: WireRoomEvent.OneOf_Message) -> [RoomEvent] {
        switch event {
        case .participantConnected(let event): join(RoomParticipant(event.info.info))
        case .participantDisconnected(let event): leave(event.participantIdentity)
        case .participantActive(let event): change(event.participantIdentity) { $0.state = .active }
        case .participantsUpdated(let event): event.participants.flatMap { refresh(RoomParticipant($0)) }
        case .participantMetadataChanged(let event):
            change(event.participantIdentity) { $0.metadata = event.metadata }
        case .participantNameChanged(let event): change(event.participantIdentity) { $0.name = event.name }
        case .participantAttributesChanged(let event):
            change(event.participantIdentity) { $0.attributes = event.attributeMap }
        default: applyTrack(event)
        }
    }

    private mutating func applyTrack(_ event: WireRoomEvent.OneOf_Message) -> [RoomEvent] {
        switch event {
        case .trackPublished(let event):
            change(event.participantIdentity) { $0.publish(AudioPublication(event.publication.info)) }
        case .trackUnpublished(let event):
            change(event.participantIdentity) { $0.audio.removeAll { $0.trackSid == event.publicationSid } }
        case .trackMuted(let event): mute(event.participantIdentity, event.trackSid, true)
        case .trackUnmuted(let event): mute(event.participantIdentity, event.trackSid, false)
        case .roomSidChanged(let event): rename(event.sid)
        case .roomUpdated(let event): rename(event.sid)
        case .moved(let event): rename(event.sid)
        default: []
        }
    }

    private mutating func rename(_ sid: String) -> [RoomEvent] {
        if !sid.isEmpty { roomSid = sid }
        return []
    }

    private mutating func join(_ participant: RoomParticipant) -> [RoomEvent] {
        guard let known = remote.first(where: { $0.identity == participant.identity }) else {
            remote.append(participant)
            return [.participantJoined(participant)]
        }
        // The same presence told twice is an update; another presence of the
        // same identity means that the old one is gone.
        if known.sid == participant.sid { return refresh(participant) }
        return leave(participant.identity) + join(participant)
    }

    private mutating func leave(_ identity: String) -> [RoomEvent] {
        guard let index = remote.firstIndex(where: { $0.identity == identity }) else { return [] }
        var participant = remote.remove(at: index)
        participant.state = .disconnected
        return [.participantLeft(participant)]
    }

    /// Everything but the tracks, which have events of their own.
    private mutating func refresh(_ told: RoomParticipant) -> [RoomEvent] {
        // One that has left is told by `participantDisconnected` alone.
        guard told.state != .disconnected else { return [] }
        return change(told.identity) { participant in
            let audio = participant.audio
            participant = told
            participant.audio = audio
        }
    }

    private mutating func mute(_ identity: String, _ trackSid: String, _ muted: Bool) -> [RoomEvent] {
        change(identity) { participant in
            guard let index = participant.audio.firstIndex(where: { $0.trackSid == trackSid }) else { return }
            participant.audio[index].muted = muted
        }
    }

    private mutating func change(_ identity: String, _ edit: (inout RoomParticipant) -> Void) -> [RoomEvent] {
        if identity == local.identity {
            edit(&local)
            return []
        }
        guard let index = remote.firstIndex(where: { $0.identity == identity }) else { return [] }
        let before = remote[index]
        edit(&remote[index])
        return before == remote[index] ? [] : [.participantUpdated(remote[index])]
    }
}

extension RoomParticipant {
    /// Adds an audio track, or takes its new state if it was there.
    fileprivate mutating func publish(_ publication: AudioPublication?) {
        guard let publication else { return }
        if let index = audio.firstIndex(where: { $0.trackSid == publication.trackSid }) {
            audio[index] = publication
        } else {
            audio.append(publication)
        }
    }
}
