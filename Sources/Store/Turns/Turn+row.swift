import Domain
import Postgres

extension Turn {
    /// A row of `TurnStatements`. Whether the audio is kept is known to whoever
    /// keeps it, and not here.
    init(row: PostgresRow) throws(PostgresError) {
        self.init(
            id: try row.id("id"), sessionID: try row.id("session_id"), epoch: try row.get("epoch"),
            holder: try row.get("holder"), startedAt: try row.timestamp("started_at"),
            startCause: try row.word("start_cause"), startActor: try row.optional("start_actor", as: String.self))
        status = try row.word("status")
        outcome = try row.optionalWord("outcome")
        endReason = try row.optionalWord("end_reason")
        endedAt = try row.optionalTimestamp("ended_at")
        audio = TurnAudioCounts(
            preRollMs: try row.get("pre_roll_ms"), audioMs: try row.get("audio_ms"),
            speechMs: try row.get("speech_ms"), droppedFrames: try row.get("dropped_frames"))
    }
}
