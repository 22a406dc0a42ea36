/// Why there is no answer.
public enum OutboundError: Error, Equatable, Sendable, CustomStringConvertible {
    /// The request cannot or must not be sent; nothing left this process.
    case invalidRequest(reason: String)
    /// As many calls are waiting or under way, in all or to this host, as the
    /// configuration allows.
    case queueFull(limit: Int)
    /// The address policy refused this address, and there was no other to try.
    case refusedAddress(OutboundAddress)
    /// The name has no address.
    case couldNotResolve(CurlFailure)
    /// Nobody answers there.
    case couldNotConnect(CurlFailure)
    /// The request's time, or that for connecting, was over. The cause says after
    /// how long, and is nil where the time was spent in the queue.
    case timedOut(cause: CurlFailure?)
    /// No trusted encrypted connection could be made.
    case tls(CurlFailure)
    /// The answer's body or header is longer than `limit` bytes.
    case tooLarge(limit: Int)
    /// The connection ended in the middle of the call: whether the other side
    /// acted on it is unknown.
    case connectionLost(CurlFailure)
    /// What came back is not HTTP.
    case badResponse(CurlFailure)
    /// The calling task was cancelled; whether the other side acted is unknown.
    case cancelled
    /// The client is closed.
    case closed
    /// Anything else that libcurl reports.
    case failed(CurlFailure)

    /// One phrase for a log line.
    public var description: String {
        switch self {
        case .invalidRequest(let reason): "invalid request: \(reason)"
        case .queueFull(let limit): "\(limit) calls are waiting or under way already"
        case .refusedAddress(let address): "the address \(address) is not allowed"
        case .couldNotResolve(let cause): "could not resolve the host: \(cause)"
        case .couldNotConnect(let cause): "could not connect: \(cause)"
        case .timedOut(let cause): "timed out\(cause.map { ": \($0)" } ?? " in the queue")"
        case .tls(let cause): "no trusted connection: \(cause)"
        case .tooLarge(let limit): "the answer is longer than \(limit) bytes"
        case .connectionLost(let cause): "the connection was lost: \(cause)"
        case .badResponse(let cause): "the answer is not HTTP: \(cause)"
        case .cancelled: "cancelled"
        case .closed: "the client is closed"
        case .failed(let cause): "\(cause)"
        }
    }
}
