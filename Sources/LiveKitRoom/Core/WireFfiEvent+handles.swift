extension WireFfiEvent.OneOf_Message {
    /// The ids of all handles that the event hands over to us.
    /// `FFISubsetTests` holds the list of places against the wheel's
    /// descriptors.
    var ownedHandles: [UInt64] {
        switch self {
        case .roomEvent(let event): event.message?.ownedHandles ?? []
        case .audioStreamEvent(let event): event.ownedHandles
        case .connect(let callback): callback.ownedHandles
        case .publishTrack(let callback): callback.hasPublication ? [callback.publication.handle.id] : []
        case .byteStreamOpen(let callback): callback.hasWriter ? [callback.writer.handle.id] : []
        case .textStreamOpen(let callback): callback.hasWriter ? [callback.writer.handle.id] : []
        default: []
        }
    }
}

extension WirePublishTrackCallback {
    fileprivate var hasPublication: Bool { if case .publication = message { true } else { false } }
}

extension WireByteStreamOpenCallback {
    fileprivate var hasWriter: Bool { if case .writer = result { true } else { false } }
}

extension WireTextStreamOpenCallback {
    fileprivate var hasWriter: Bool { if case .writer = result { true } else { false } }
}

extension WireAudioStreamEvent {
    fileprivate var ownedHandles: [UInt64] {
        guard case .frameReceived(let received) = message else { return [] }
        return [received.frame.handle.id]
    }
}

extension WireConnectCallback {
    fileprivate var ownedHandles: [UInt64] {
        guard case .result(let result) = message else { return [] }
        let participants = result.participants.flatMap { entry in
            [entry.participant.handle.id] + entry.publications.map(\.handle.id)
        }
        return [result.room.handle.id, result.localParticipant.handle.id] + participants
    }
}

extension WireRoomEvent.OneOf_Message {
    fileprivate var ownedHandles: [UInt64] {
        switch self {
        case .participantConnected(let event): [event.info.handle.id]
        case .trackPublished(let event): [event.publication.handle.id]
        case .trackSubscribed(let event): [event.track.handle.id]
        case .dataPacketReceived(let event): event.ownedHandles
        case .byteStreamOpened(let event): [event.reader.handle.id]
        case .textStreamOpened(let event): [event.reader.handle.id]
        case .dataTrackPublished(let event): [event.track.handle.id]
        default: []
        }
    }
}

extension WireDataPacketReceived {
    fileprivate var ownedHandles: [UInt64] {
        guard case .user(let packet) = value else { return [] }
        return [packet.data.handle.id]
    }
}
