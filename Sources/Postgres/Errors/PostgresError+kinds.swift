extension PostgresError {
    static func timedOut(wasSent: Bool) -> PostgresError {
        var error = PostgresError(.timedOut, reason: "no answer within the deadline")
        error.wasSent = wasSent
        return error
    }

    static func cancelled(wasSent: Bool) -> PostgresError {
        var error = PostgresError(.cancelled, reason: "the calling task was cancelled")
        error.wasSent = wasSent
        return error
    }

    /// The connection broke under a query or, `inTransaction`, before the
    /// outcome of COMMIT was known.
    static func lost(inTransaction: Bool, cause: PostgresError?) -> PostgresError {
        var error =
            inTransaction
            ? PostgresError(.outcomeUnknown, reason: "the connection was lost before COMMIT was answered")
            : PostgresError(.connectionLost, reason: "the connection was lost while the query was under way")
        error.wasSent = true
        error.sqlState = cause?.sqlState
        error.severity = cause?.severity
        error.unsafeServerMessage = cause?.unsafeServerMessage
        return error
    }

    /// No connection within the wait, with the last attempt's reason.
    static func unavailable(cause: PostgresError?) -> PostgresError {
        var error = PostgresError(.unavailable, reason: cause?.reason ?? "no connection to the server")
        error.sqlState = cause?.sqlState
        error.severity = cause?.severity
        error.unsafeServerMessage = cause?.unsafeServerMessage
        return error
    }

    static let closed = PostgresError(.closed, reason: "the pool is closed")

    /// A transaction's deadline leaves the same doubt as a lost connection.
    static func deadline(wasSent: Bool, inTransaction: Bool) -> PostgresError {
        guard wasSent, inTransaction else { return timedOut(wasSent: wasSent) }
        var error = PostgresError(.outcomeUnknown, reason: "COMMIT was not answered within the deadline")
        error.wasSent = true
        return error
    }
}
