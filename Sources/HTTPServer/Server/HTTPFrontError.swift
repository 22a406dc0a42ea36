/// What the front finds wrong by itself, before or instead of a handler.
/// The response is made by the server's `errorResponse` closure.
///
/// What libmicrohttpd 0.9.75 still answers by itself, in HTML and with a close,
/// because it never tells us: malformed chunk framing; and from a connection's
/// second request on, an unknown version (400, 505), a field line without a
/// colon (400), a malformed or gigantic `Content-Length` (400, 413; the answer's
/// head comes twice) and a head beyond its memory (431, 414). A request line of
/// one word is a bare close there. A folded or nameless field line is tolerated
/// there. A connection's first request is checked before libmicrohttpd sees it.
public enum HTTPFrontError: Error, Sendable, Equatable, CaseIterable {
    /// The request line cannot be read. 400.
    case malformedRequestLine
    /// Not HTTP/1.x. 505.
    case unsupportedVersion
    /// A field line without a colon, with a bad name, folded, or with a control character. 400.
    case malformedHeader
    /// The target is not a URI's path, or has bytes that a URI cannot have. 400.
    case badTarget
    /// HTTP/1.1 without exactly one `Host`. 400.
    case badHost
    /// `Content-Length` together with `Transfer-Encoding`. 400.
    case bothLengthAndTransferEncoding
    /// More than one `Content-Length`. 400.
    case duplicateContentLength
    /// `Content-Length` is not a number. 400.
    case invalidContentLength
    /// A `Transfer-Encoding` other than `chunked`. 501.
    case unsupportedTransferEncoding
    /// An `Expect` other than `100-continue`. 417.
    case unsupportedExpectation
    /// The target is longer than `HTTPLimits.targetBytes`. 414.
    case targetTooLong
    /// The head is longer than `HTTPLimits.headerBytes` or has too many fields. 431.
    case headersTooLarge
    /// The body is longer than `HTTPLimits.bodyBytes` or `HTTPBodyStreamLimits.bytes`. 413.
    case bodyTooLarge
    /// The head was not complete in time. 408.
    case headersTimeout
    /// The body was not complete in time. 408.
    case bodyTimeout
    /// A method that the front does not pass on. 501.
    case methodNotImplemented
    /// More requests at once than `HTTPLimits.concurrentRequests`. 503.
    case overloaded
    /// More connections than `HTTPLimits.connections`, or of one address. 503.
    case tooManyConnections
    /// The server stops, and the request was not answered by the deadline. 503.
    case stopping

    /// The status that fits.
    public var status: Int {
        switch self {
        case .malformedRequestLine, .malformedHeader, .badTarget, .badHost, .bothLengthAndTransferEncoding,
            .duplicateContentLength, .invalidContentLength:
            400
        case .headersTimeout, .bodyTimeout: 408
        case .bodyTooLarge: 413
        case .targetTooLong: 414
        case .unsupportedExpectation: 417
        case .headersTooLarge: 431
        case .unsupportedTransferEncoding, .methodNotImplemented: 501
        case .overloaded, .tooManyConnections, .stopping: 503
        case .unsupportedVersion: 505
        }
    }

    /// Seconds for `Retry-After`, which the front adds where `errorResponse` did not.
    public var retryAfterSeconds: Int? {
        status == 503 ? 1 : nil
    }
}
