import Domain

/// What becomes of a turn when its holder goes, mutes, or changes the
/// microphone.
extension LiveSession {
    /// Looks whether the holder can be heard; starts the grace when not, ends it
    /// when so.
    func watchHolder() {
        guard let turn = turns.current, turn.status == .active else { return stop(.holder) }
        // Who is where is not known while the room is away.
        guard lifecycle.status == .active else { return stop(.holder) }
        guard let holder = speakers.first(where: { $0.identity.isIdentity(turn.holder) }) else {
            return carryOut(turns.left(turn.holder))
        }
        guard Self.silence(of: holder) != nil else {
            holderWasAudible = true
            return stop(.holder)
        }
        guard timers[.holder] == nil else { return }
        // Who has only just taken the floor may still be asked for a microphone.
        let grace = holderWasAudible ? context.limits.holderGrace : context.limits.holderStartGrace
        start(.holder, after: grace) { await $0.endIfHolderIsSilent(turn.id) }
    }

    private func endIfHolderIsSilent(_ turn: TurnID) {
        timers[.holder] = nil
        guard let running = turns.current, running.id == turn,
            let holder = speakers.first(where: { $0.identity.isIdentity(running.holder) }),
            let reason = Self.silence(of: holder)
        else { return }
        endTurn(turn, because: reason)
    }

    /// Why a participant cannot be heard; nil where it can.
    private static func silence(of participant: RoomParticipant) -> Turn.EndReason? {
        guard let track = track(of: participant) else { return .holderUnpublished }
        return track.muted ? .holderMuted : nil
    }

    /// A participant has left the room.
    func floorLoses(_ identity: String) {
        rules.left(identity)
        carryOut(turns.left(identity))
        publish()
    }

    /// The session is over, or its policy knows no floor any more.
    func clearFloor(because reason: Turn.EndReason) {
        turns.clearQueue()
        stop(.offer)
        endTurn(because: reason)
    }
}
