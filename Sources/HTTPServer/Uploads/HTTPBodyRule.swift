/// How a route takes its request's body.
public enum HTTPBodyRule: Sendable, Equatable {
    /// The whole body, at most `HTTPLimits.bodyBytes`, is in `HTTPRequest.body`
    /// when the handler starts.
    case collected
    /// The handler starts with the head and reads `HTTPRequest.bodyStream`
    /// while the client still sends.
    case streamed(HTTPBodyStreamLimits)
}
