extension Turn {
    /// Less than this of loud frames is a click and not speech, in milliseconds.
    public static let leastSpeechMs: Int64 = 60

    /// The turn with its outcome.
    func ended(with audio: TurnAudioCounts, kept: Bool, at time: Timestamp) -> Turn {
        var turn = self
        turn.status = .ended
        turn.audio = audio
        // What was promised of the pre-roll may not have come before the end.
        turn.audio.preRollMs = min(audio.preRollMs, audio.audioMs)
        turn.endedAt = max(time, startedAt)
        turn.outcome = (endReason ?? .sessionEnded).outcome(speechMs: audio.speechMs)
        // What was taken back is not kept for anybody.
        turn.audioKept = kept && turn.outcome != .cancelled
        return turn
    }
}

extension Turn.EndReason {
    /// Whether what was said before the end, and is still on its way, is part
    /// of the turn.
    public var keepsTail: Bool { self == .endTurn }

    /// What a turn that ended by this came to.
    public func outcome(speechMs: Int64) -> Turn.Outcome {
        switch self {
        case .endTurn, .holderMuted, .holderUnpublished: speechMs >= Turn.leastSpeechMs ? .committed : .empty
        case .cancelTurn, .sessionEnded, .policyChanged: .cancelled
        case .maxTurn: .timedOut
        case .preempted: .preempted
        case .holderLeft: .holderLeft
        }
    }
}
