/// Why a stream of events ended. The raw value is the `reason` of its last
/// event, and the label of the metric.
enum EventStreamEnd: String, Sendable, CaseIterable {
    case tooSlow = "too_slow"
    case shuttingDown = "shutting_down"
    case sessionOver = "session_over"
    /// The caller would not be let in any more: its token is over, or its key
    /// withdrawn.
    case credentialExpired = "credential_expired"
    /// Nobody is there to be told.
    case clientGone = "client_gone"
}
