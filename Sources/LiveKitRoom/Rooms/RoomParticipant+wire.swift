import Domain

extension RoomParticipant {
    init(_ info: WireParticipantInfo) {
        self.init(
            identity: info.identity, sid: info.sid, name: info.name, metadata: info.metadata,
            attributes: info.attributes, kind: ParticipantKind(info), state: ParticipantState(info.state))
    }
}

extension AudioPublication {
    /// nil for tracks that are not audio.
    init?(_ info: WireTrackPublicationInfo) {
        guard info.kind == .kindAudio else { return nil }
        self.init(trackSid: info.sid, name: info.name, muted: info.muted)
    }
}

extension ParticipantKind {
    /// A kind that the subset does not know is left unset by the decoder.
    fileprivate init(_ info: WireParticipantInfo) {
        guard info.hasKind else {
            self = .unknown
            return
        }
        switch info.kind {
        case .standard: self = .standard
        case .ingress: self = .ingress
        case .egress: self = .egress
        case .sip: self = .sip
        case .agent: self = .agent
        case .connector: self = .connector
        case .bridge: self = .bridge
        }
    }
}

extension ParticipantState {
    fileprivate init(_ state: WireParticipantState) {
        switch state {
        case .joining: self = .joining
        case .joined: self = .joined
        case .active: self = .active
        case .disconnected: self = .disconnected
        }
    }
}

extension WireParticipantAttributesChanged {
    var attributeMap: [String: String] {
        Dictionary(attributes.map { ($0.key, $0.value) }) { _, last in last }
    }
}
