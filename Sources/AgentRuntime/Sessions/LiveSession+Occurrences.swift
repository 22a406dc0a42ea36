import Domain

/// What happens in the room, told among the events.
extension LiveSession {
    /// Tells what is kept nowhere else.
    func tell(_ kind: SessionOccurrence.Kind) {
        write(.occurrence(SessionOccurrence(sessionID: id, at: context.clock.now, kind: kind)))
    }

    // MARK: Who is there

    /// Somebody has come, as the room says; in a reconnect that may be news of
    /// no change, which `compareParticipants` sorts out.
    func noteJoined(_ participant: RoomParticipant) {
        guard lifecycle.status == .active else { return }
        if let known = knownParticipants[participant.identity] {
            guard known.sid != participant.sid else { return }
            // Thrown out by its own next presence.
            tell(.participantLeft(known))
        }
        knownParticipants[participant.identity] = participant
        tell(.participantJoined(participant))
    }

    /// Somebody is gone, as the room says.
    func noteLeft(_ participant: RoomParticipant) {
        guard lifecycle.status == .active, knownParticipants[participant.identity]?.sid == participant.sid else {
            return
        }
        knownParticipants[participant.identity] = nil
        tell(.participantLeft(participant))
    }

    /// Somebody changed: what is told when it leaves is what it was then.
    func noteUpdated(_ participant: RoomParticipant) {
        guard knownParticipants[participant.identity]?.sid == participant.sid else { return }
        knownParticipants[participant.identity] = participant
    }

    /// The room is back: tells who is gone and who is new. Whoever is there now as
    /// before has not left, whatever the room said meanwhile.
    func compareParticipants() {
        let present = connection?.remoteParticipants ?? []
        let identities = Set(present.map(\.identity))
        for identity in knownParticipants.keys.sorted() where !identities.contains(identity) {
            if let gone = knownParticipants.removeValue(forKey: identity) { tell(.participantLeft(gone)) }
        }
        for participant in present {
            if knownParticipants.updateValue(participant, forKey: participant.identity) == nil {
                tell(.participantJoined(participant))
            }
        }
    }

    // MARK: Who is heard

    /// Tells whose gate has opened or shut since `before`, a list of those who
    /// were heard.
    func tellGates(_ verdicts: [ParticipantGate], before: [String]) {
        let heard = verdicts.filter(\.isOpen)
        for identity in before where !heard.contains(where: { $0.identity == identity }) {
            let gate = verdicts.first { $0.identity == identity }
            tell(.gateChanged(gate ?? ParticipantGate(identity: identity, isOpen: false, reason: .unavailable)))
        }
        for gate in heard where !before.contains(gate.identity) { tell(.gateChanged(gate)) }
    }
}
