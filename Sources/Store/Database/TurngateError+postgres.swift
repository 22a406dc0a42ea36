import Domain
import Postgres

extension TurngateError {
    /// What a port says of `error`: whether PostgreSQL is away, or the fault is
    /// ours. Carries no SQL and no values.
    init(_ error: PostgresError) {
        if error.isAbsence {
            self = .storeUnavailable(detail: "PostgreSQL does not answer")
        } else {
            self = .internalFailure("the store failed: \(error)")
        }
    }
}

extension PostgresError {
    /// PostgreSQL is not there, or not able to serve right now: a later try
    /// may succeed without anything being changed.
    var isAbsence: Bool {
        switch kind {
        case .unavailable, .connectionLost, .outcomeUnknown, .timedOut, .queueFull, .closed, .cancelled: true
        case .server: Self.passingClasses.contains(String((sqlState ?? "").prefix(2))) || sqlState == "25006"
        default: false
        }
    }

    /// SQLSTATE classes of what passes: connection, conflict between
    /// transactions, resources, locks, operator's intervention. 25006 is a
    /// server that is a standby, or not yet promoted.
    private static let passingClasses: Set<String> = ["08", "40", "53", "55", "57"]

    /// A text with U+0000 in it, which PostgreSQL cannot keep.
    var isUnstorableText: Bool { kind == .encoding || sqlState == "22P05" || sqlState == "22021" }
}
