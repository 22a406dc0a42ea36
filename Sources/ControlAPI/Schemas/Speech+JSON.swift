import Domain

extension Speech {
    /// The speech as the API shows it.
    var json: [UInt8] {
        JSONWriter.object { writer in
            writer.member("id", id.description)
            writer.member("status", status.rawValue)
            writer.member("duration_ms", durationMs)
            writer.member("played_ms", playedMs)
            writer.member("created_at", createdAt.description)
            writer.member("started_at", startedAt?.description)
            writer.member("ended_at", endedAt?.description)
        }
    }

    /// Whether nothing more of it will be heard.
    var isOver: Bool {
        switch status {
        case .queued, .playing: false
        case .completed, .interrupted, .failed: true
        }
    }
}

extension SpeechInterruption {
    var json: [UInt8] {
        JSONWriter.object { writer in
            writer.member("interrupted", speech != nil)
            writer.member("speech_id", speech?.id.description)
            writer.member("played_ms", raw: speech.map { String($0.playedMs) } ?? "null")
            writer.member("dropped_speeches", dropped)
        }
    }
}
