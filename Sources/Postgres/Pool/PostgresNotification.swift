/// What a LISTEN stream delivers.
public enum PostgresNotification: Sendable, Hashable {
    /// LISTEN is in effect for the first time. What happened earlier is in the
    /// tables, not in this stream.
    case listening

    /// LISTEN is in effect again after a break: notifications may have been
    /// missed, so look at the tables.
    case reconnected

    /// The subscriber was too slow and the oldest notifications were thrown
    /// away: look at the tables.
    case overflowed

    /// A NOTIFY with its payload (empty if it had none) and the server process
    /// that sent it.
    case message(payload: String, processID: Int32)
}
