extension OutboundError {
    /// Whether the other side could have seen the call, and so could have acted on
    /// it. False only where certainly no byte of the request was sent; in doubt it
    /// is true.
    public var mayHaveActed: Bool {
        switch self {
        case .invalidRequest, .queueFull, .refusedAddress: false
        case .timedOut(let cause): cause?.requestWasSent ?? false
        case .couldNotResolve(let cause), .couldNotConnect(let cause), .tls(let cause), .connectionLost(let cause),
            .badResponse(let cause), .failed(let cause):
            cause.requestWasSent
        case .tooLarge, .cancelled, .closed: true
        }
    }

    /// Whether the same call could go well another time, as far as the error can
    /// tell. A request that is invalid never will; a refused address can be
    /// another one when the name is looked up again, and an answer that is too
    /// large can be shorter.
    public var isRetryable: Bool {
        if case .invalidRequest = self { false } else { true }
    }

    /// One word for a log's column or a metric's label: `timed_out`.
    public var label: String {
        switch self {
        case .invalidRequest: "invalid_request"
        case .queueFull: "queue_full"
        case .refusedAddress: "refused_address"
        case .couldNotResolve: "could_not_resolve"
        case .couldNotConnect: "could_not_connect"
        case .timedOut: "timed_out"
        case .tls: "tls"
        case .tooLarge: "too_large"
        case .connectionLost: "connection_lost"
        case .badResponse: "bad_response"
        case .cancelled: "cancelled"
        case .closed: "closed"
        case .failed: "failed"
        }
    }
}
