/// The runtime life of a session: `connecting` → `active` ⇄ `reconnecting` →
/// `ending` → `ended`, or `failed` from any of the first three.
public enum SessionStatus: String, Sendable, Codable, CaseIterable {
    case connecting, active, reconnecting, ending, ended, failed

    /// Nothing comes after it.
    public var isFinal: Bool { self == .ended || self == .failed }
    /// The agent's work goes on: it can take orders.
    public var isWorking: Bool { self == .active || self == .reconnecting }
}

/// Why a session is over; the API's `end_reason`.
public enum SessionEndReason: String, Sendable, Codable, CaseIterable {
    /// `DELETE` was called.
    case deleted
    /// `max_duration_s` ran out.
    case maxDuration = "max_duration"
    /// Nobody but agents for `empty_timeout_s`.
    case roomEmpty = "room_empty"
    /// The room was deleted at the room server.
    case roomDeleted = "room_deleted"
    /// The room server removed the agent.
    case participantRemoved = "participant_removed"
    /// The service was stopped.
    case shutdown
    /// Another participant took the agent's identity.
    case duplicateIdentity = "duplicate_identity"
    /// The room server was not reached in time.
    case roomUnreachable = "room_unreachable"
    /// The room server refused the agent's token.
    case roomTokenRefused = "room_token_refused"
    /// The connection was lost and not had again in time.
    case connectionLost = "connection_lost"
    /// The process that held the session is gone.
    case runtimeLost = "runtime_lost"
    /// The native core or the runtime failed.
    case internalError = "internal_error"

    /// The status that a session which ends for this reason ends in.
    public var finalStatus: SessionStatus {
        switch self {
        case .deleted, .maxDuration, .roomEmpty, .roomDeleted, .participantRemoved, .shutdown: .ended
        case .duplicateIdentity, .roomUnreachable, .roomTokenRefused, .connectionLost, .runtimeLost, .internalError:
            .failed
        }
    }
}

/// How a session came to its end.
public struct SessionEnd: Sendable, Equatable {
    /// Why; also decides whether the session ends as `ended` or `failed`.
    public var reason: SessionEndReason
    /// A sentence for the operator; never a secret.
    public var detail: String?

    public init(_ reason: SessionEndReason, detail: String? = nil) {
        self.reason = reason
        self.detail = detail
    }
}
