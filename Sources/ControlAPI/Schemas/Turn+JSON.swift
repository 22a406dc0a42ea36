import Domain

extension Turn {
    /// The turn as the API shows it.
    var json: [UInt8] {
        var writer = JSONWriter(capacity: 512)
        write(to: &writer)
        return writer.bytes
    }

    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id.description)
            writer.member("session_id", sessionID.description)
            writer.member("epoch", epoch)
            writer.member("holder", holder)
            writer.member("status", status.rawValue)
            writer.member("outcome", outcome?.rawValue)
            writer.member("end_reason", endReason?.rawValue)
            writer.member("started_at", startedAt.description)
            writer.member("ended_at", endedAt?.description)
            writer.member("started_by") { writer in
                writer.member("cause", startCause.rawValue)
                writer.member("actor", startActor)
            }
            writer.member("pre_roll_ms", audio.preRollMs)
            writer.member("audio_ms", audio.audioMs)
            writer.member("speech_ms", audio.speechMs)
            writer.member("dropped_frames", audio.droppedFrames)
            writer.member("audio_kept", audioKept)
        }
    }
}

extension Floor {
    func write(to writer: inout JSONWriter) {
        writer.member("holder", holder)
        writer.member("queue", queue)
        writer.member("offered_to", offeredTo)
    }
}
