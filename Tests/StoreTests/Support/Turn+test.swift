import Domain

extension Session {
    /// A turn of this session that began `epoch` seconds after it.
    func turn(_ epoch: Int64, holder: String = "alice") -> Turn {
        let time = createdAt + .seconds(epoch)
        return Turn(
            id: TurnID(at: time), sessionID: id, epoch: epoch, holder: holder, startedAt: time, startCause: .rpc,
            startActor: holder)
    }

    /// An incident of this session, found `seq` seconds after it began.
    func incident(_ seq: Int64) -> Incident {
        Incident(
            sessionID: id, seq: seq, at: createdAt + .seconds(seq), finding: .gateMismatch, detail: "shut it",
            healed: true)
    }
}

extension Turn {
    /// This turn with its end under way.
    func ending(_ reason: EndReason) -> Turn {
        var turn = self
        turn.status = .ending
        turn.endReason = reason
        return turn
    }

    /// This turn after its end, `duration` after its start.
    func ended(_ outcome: Outcome, _ reason: EndReason, after duration: Duration = .milliseconds(800)) -> Turn {
        var turn = ending(reason)
        turn.status = .ended
        turn.outcome = outcome
        turn.endedAt = startedAt + duration
        return turn
    }

    /// This turn with so much audio in it.
    func with(preRollMs: Int64, audioMs: Int64, speechMs: Int64, droppedFrames: Int64 = 0) -> Turn {
        var turn = self
        turn.audio = TurnAudioCounts(
            preRollMs: preRollMs, audioMs: audioMs, speechMs: speechMs, droppedFrames: droppedFrames)
        return turn
    }
}
