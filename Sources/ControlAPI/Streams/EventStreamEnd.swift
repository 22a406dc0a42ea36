/// Why a stream of events ended. The raw value is the `reason` of its last
/// event, and the label of the metric.
enum EventStreamEnd: String, Sendable, CaseIterable {
    case tooSlow = "too_slow"
    case shuttingDown = "shutting_down"
    case sessionOver = "session_over"
    /// Nobody is there to be told.
    case clientGone = "client_gone"
}
