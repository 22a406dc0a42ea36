extension RPCError {
    /// Why an application error (1500) came about: its `data` is
    /// `{"reason": …}`, for programs at the caller's.
    public enum Reason: Sendable, Equatable {
        case callerNotAllowed
        /// Nobody there, or not to be called, or the answer broke off.
        case backendUnreachable, backendRefused, backendBroken
        /// Too many calls to that system are under way.
        case backendOverloaded
        /// An answer that is no success, and no RPC error either.
        case backendStatus(Int)
        /// An answer that is no text, where the text itself is wanted.
        case backendNotText
        /// As many calls wait for an answer as may.
        case queueFull
        /// The agent has as many calls to answer as it takes at once.
        case tooManyCalls
        /// The agent leaves.
        case sessionOver

        /// The error's `data`.
        public var data: String {
            switch self {
            case .callerNotAllowed: #"{"reason":"caller_not_allowed"}"#
            case .backendUnreachable: #"{"reason":"backend_unreachable"}"#
            case .backendRefused: #"{"reason":"backend_refused"}"#
            case .backendBroken: #"{"reason":"backend_broken"}"#
            case .backendOverloaded: #"{"reason":"backend_overloaded"}"#
            case .backendStatus(let status): #"{"reason":"backend_status","status":\#(status)}"#
            case .backendNotText: #"{"reason":"backend_not_text"}"#
            case .queueFull: #"{"reason":"queue_full"}"#
            case .tooManyCalls: #"{"reason":"too_many_calls"}"#
            case .sessionOver: #"{"reason":"session_over"}"#
            }
        }

        /// The error's message; LiveKit's own where nothing better is to be said.
        fileprivate var message: String {
            switch self {
            case .callerNotAllowed: "Caller not allowed"
            case .tooManyCalls: "Too many calls at once"
            case .sessionOver: "The agent has left"
            default: Code.applicationError.message
            }
        }
    }

    /// An application error with its reason.
    public init(_ reason: Reason) {
        self.init(code: Code.applicationError.rawValue, message: reason.message, data: reason.data)
    }

    /// What a caller is told where the users' system gave no answer.
    public init(_ failure: HandlerFailure) {
        switch failure {
        case .unreachable: self.init(.backendUnreachable)
        case .refused: self.init(.backendRefused)
        case .broken: self.init(.backendBroken)
        case .overloaded: self.init(.backendOverloaded)
        case .timeout: self.init(.responseTimeout)
        case .tooLarge: self.init(.responsePayloadTooLarge)
        }
    }
}
