import Domain

extension TurnPolicyPatch {
    /// Reads `turn_policy`.
    init(_ reader: inout ObjectReader) {
        self.init()
        mode = reader.choice("mode", TurnPolicy.Mode.self)
        notifyOn = reader.choices("notify_on", AgentState.self)
        openAudioOn = reader.choices("open_audio_on", AgentState.self)
        closeAudioOn = reader.choices("close_audio_on", AgentState.self)
        preRollMs = reader.integer("pre_roll_ms", Limits.preRollMs)
        maxTurnMs = reader.integer("max_turn_ms", Limits.maxTurnMs)
        closedGate = reader.choice("closed_gate", TurnPolicy.ClosedGate.self)
        keepTurnAudio = reader.bool("keep_turn_audio")
        align = reader.choice("align", TurnPolicy.Alignment.self)
        allowInterruptions = reader.bool("allow_interruptions")
        if var notification = reader.object("notification") { readNotification(&notification) }
        reader.finish()
    }

    private mutating func readNotification(_ reader: inout ObjectReader) {
        notificationMethod = reader.string("method", Limits.calledMethod)
        notificationPayload = reader.string("payload", Limits.payload)
        notificationResponseTimeoutMs = reader.integer("response_timeout_ms", Limits.responseTimeoutMs)
        reader.finish()
    }

    /// Whether it says what opens or closes the gate.
    var namesGateStates: Bool { openAudioOn != nil || closeAudioOn != nil }

    /// With a state in one of the two lists only: one that the caller puts
    /// into a list leaves the other, and where he puts it into both, the gate
    /// is closed. `policy` is what the patch will be laid over.
    func settled(over policy: TurnPolicy) -> TurnPolicyPatch {
        var patch = self
        if let openAudioOn, closeAudioOn == nil {
            patch.closeAudioOn = policy.closeAudioOn.filter { !openAudioOn.contains($0) }
        } else if let closeAudioOn {
            patch.openAudioOn = (openAudioOn ?? policy.openAudioOn).filter { !closeAudioOn.contains($0) }
        }
        return patch
    }
}
