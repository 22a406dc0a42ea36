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
        refuseOverlap(reader)
        reader.finish()
    }

    private mutating func readNotification(_ reader: inout ObjectReader) {
        notificationMethod = reader.string("method", Limits.calledMethod)
        notificationPayload = reader.string("payload", Limits.payload)
        notificationResponseTimeoutMs = reader.integer("response_timeout_ms", Limits.responseTimeoutMs)
        reader.finish()
    }

    private func refuseOverlap(_ reader: ObjectReader) {
        guard let openAudioOn, let closeAudioOn, let both = openAudioOn.first(where: closeAudioOn.contains) else { return }
        reader.fail(
            "close_audio_on", "'\(both.rawValue)' is in open_audio_on too; a state can only open or close the gate")
    }

    /// Whether it names one of the two lists of states alone.
    var namesOneGateList: Bool { (openAudioOn == nil) != (closeAudioOn == nil) }

    /// With the other list spelled out where only one is named: a state that
    /// the caller puts into one of them leaves the other.
    func completed(over policy: TurnPolicy) -> TurnPolicyPatch {
        var patch = self
        if let openAudioOn, closeAudioOn == nil {
            patch.closeAudioOn = policy.closeAudioOn.filter { !openAudioOn.contains($0) }
        } else if let closeAudioOn, openAudioOn == nil {
            patch.openAudioOn = policy.openAudioOn.filter { !closeAudioOn.contains($0) }
        }
        return patch
    }
}
