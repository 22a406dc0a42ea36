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
}
