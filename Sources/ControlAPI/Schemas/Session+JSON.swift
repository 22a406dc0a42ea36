import Domain

extension Session {
    /// The session as the API shows it.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 2048)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) { writer.object { writeMembers(to: &$0, omitting: []) } }

    /// The session for the answer that made it: with its own webhooks, whose
    /// secrets nobody sees again.
    var createdJSON: [UInt8] {
        guard !newWebhooks.isEmpty else { return json }
        return JSONWriter.object(capacity: 4096) { writer in
            writeMembers(to: &writer, omitting: [])
            writer.key("webhooks")
            writer.array { writer in for webhook in newWebhooks { webhook.write(to: &writer) } }
        }
    }

    /// The session's members; what is to be omitted is empty.
    func writeMembers(to writer: inout JSONWriter, omitting omitted: Set<EventMember>) {
        writer.member("id", id.description)
        writer.member("room", spec.room)
        writer.member("status", status.rawValue)
        writer.member("agent_state", agentState.rawValue)
        writer.member("agent_state_since", agentStateSince.description)
        writer.member("agent") { writeAgent(to: &$0, withMetadata: !omitted.contains(.agentMetadata)) }
        writer.member("room_sid", roomSid)
        writeTurns(to: &writer)
        writer.key("participants")
        writer.array { writer in
            guard !omitted.contains(.participants) else { return }
            for participant in participants { participant.write(to: &writer, gate(of: participant)) }
        }
        writer.member("rpc_methods", rpcMethods)
        writer.member("turn_policy") { spec.turnPolicy.write(to: &$0) }
        writer.member("labels", spec.labels)
        writer.member("metadata", raw: omitted.contains(.metadata) ? "{}" : spec.metadata)
        writer.member("max_duration_s", spec.maxDuration?.components.seconds ?? 0)
        writer.member("empty_timeout_s", spec.emptyTimeout?.components.seconds ?? 0)
        writeLife(to: &writer)
    }

    private func writeAgent(to writer: inout JSONWriter, withMetadata: Bool) {
        writer.member("identity", spec.agent.identity)
        writer.member("name", spec.agent.name)
        writer.member("sid", agentSid)
        writer.member("metadata", withMetadata ? spec.agent.metadata : "")
        writer.member("attributes", spec.agent.attributes)
    }

    private func writeTurns(to writer: inout JSONWriter) {
        writer.member("audio_input") { audioInput.write(to: &$0) }
        writer.key("turn")
        if let turn { turn.write(to: &writer) } else { writer.value(raw: "null") }
        writer.member("floor") { floor.write(to: &$0) }
    }

    private func gate(of participant: RoomParticipant) -> ParticipantGate {
        gates.first { $0.identity == participant.identity }
            ?? ParticipantGate(identity: participant.identity, isOpen: false, reason: .unavailable)
    }

    private func writeLife(to writer: inout JSONWriter) {
        writer.member("created_at", createdAt.description)
        writer.member("activated_at", activatedAt?.description)
        writer.member("ended_at", endedAt?.description)
        writer.member("end_reason", end?.reason.rawValue)
        writer.member("end_detail", end?.detail)
    }
}

extension RoomParticipant {
    fileprivate func write(to writer: inout JSONWriter, _ gate: ParticipantGate) {
        writer.object { writer in
            writer.member("identity", identity)
            writer.member("sid", sid)
            writer.member("name", name)
            writer.member("kind", kind.rawValue)
            writer.member("state", state.rawValue)
            guard let track = audio.first else { return writer.member("audio", raw: "null") }
            writer.member("audio") { writer in
                writer.member("track_sid", track.trackSid)
                writer.member("muted", track.muted)
                writer.member("gate", gate.word)
                writer.member("gate_reason", gate.reason.rawValue)
            }
        }
    }
}

extension TurnPolicy {
    func write(to writer: inout JSONWriter) {
        writer.member("mode", mode.rawValue)
        writer.member("notify_on", notifyOn.map(\.rawValue))
        writer.member("open_audio_on", openAudioOn.map(\.rawValue))
        writer.member("close_audio_on", closeAudioOn.map(\.rawValue))
        writer.member("notification") { writer in
            writer.member("method", notification.method)
            writer.member("payload", notification.payload)
            writer.member("response_timeout_ms", notification.responseTimeoutMs)
        }
        writer.member("pre_roll_ms", preRollMs)
        writer.member("max_turn_ms", maxTurnMs)
        writer.member("closed_gate", closedGate.rawValue)
        writer.member("keep_turn_audio", keepTurnAudio)
        writer.member("align", align.rawValue)
        writer.member("allow_interruptions", allowInterruptions)
    }
}
