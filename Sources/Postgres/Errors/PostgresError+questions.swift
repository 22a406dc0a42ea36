extension PostgresError {
    /// A unique or primary key was violated; `constraintName` says which.
    public var isUniqueViolation: Bool { sqlState == "23505" }

    /// A foreign key was violated.
    public var isForeignKeyViolation: Bool { sqlState == "23503" }

    /// A CHECK constraint was violated.
    public var isCheckViolation: Bool { sqlState == "23514" }

    /// Two transactions got in each other's way (serialization or deadlock):
    /// running this one again may succeed.
    public var isSerializationFailure: Bool { sqlState == "40001" || sqlState == "40P01" }

    /// The fault is between us and the server, not in the statement: a later
    /// try may succeed. Whether this one had an effect: see `wasSent`.
    public var isConnectionProblem: Bool {
        switch kind {
        case .unavailable, .connectionLost, .outcomeUnknown, .timedOut: true
        default: false
        }
    }

    /// The server stopped the statement because it took or waited too long.
    public var isServerTimeout: Bool { sqlState == "57014" || sqlState == "55P03" }
}
