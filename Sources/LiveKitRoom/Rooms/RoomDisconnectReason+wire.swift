import Domain

extension RoomDisconnectReason {
    init(_ reason: WireDisconnectReason) {
        switch reason {
        case .clientInitiated: self = .clientInitiated
        case .duplicateIdentity: self = .duplicateIdentity
        case .serverShutdown: self = .serverShutdown
        case .participantRemoved: self = .participantRemoved
        case .roomDeleted: self = .roomDeleted
        case .roomClosed: self = .roomClosed
        case .stateMismatch: self = .stateMismatch
        case .joinFailure: self = .joinFailure
        case .signalClose, .connectionTimeout, .mediaFailure, .migration: self = .connectionLost
        case .unknownReason, .userUnavailable, .userRejected, .sipTrunkFailure, .agentError: self = .unknown
        }
    }
}
