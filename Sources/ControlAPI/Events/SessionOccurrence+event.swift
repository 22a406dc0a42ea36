import Domain

extension SessionOccurrence {
    var eventType: EventType {
        switch kind {
        case .participantJoined: .participantJoined
        case .participantLeft: .participantLeft
        case .gateChanged: .gateChanged
        case .speechStarted: .speechStarted
        case .speechEnded: .speechEnded
        }
    }

    var eventData: [UInt8] {
        switch kind {
        case .participantJoined(let participant), .participantLeft(let participant): participant.eventData
        case .gateChanged(let gate): gate.json
        case .speechStarted(let speech), .speechEnded(let speech): speech.json
        }
    }
}

extension RoomParticipant {
    /// Who it is; what it publishes changes too often to be told here.
    fileprivate var eventData: [UInt8] {
        EventData.object { writer, _ in
            writer.member("identity", identity)
            writer.member("name", name)
            writer.member("kind", kind.rawValue)
            writer.member("sid", sid)
        }
    }
}
