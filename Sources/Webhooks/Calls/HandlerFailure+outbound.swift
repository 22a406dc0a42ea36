import Domain
import OutboundHTTP

extension HandlerFailure {
    /// What a call that brought no answer means for whoever made it.
    init(_ error: OutboundError) {
        switch error {
        case .timedOut: self = .timeout
        case .tooLarge: self = .tooLarge
        case .queueFull: self = .overloaded
        case .invalidRequest, .refusedAddress: self = .refused("\(error)")
        case .couldNotResolve, .couldNotConnect, .tls, .closed: self = .unreachable("\(error)")
        case .connectionLost, .badResponse, .cancelled, .failed: self = .broken("\(error)")
        }
    }
}
