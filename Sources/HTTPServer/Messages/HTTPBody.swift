/// The body of a response.
public enum HTTPBody: Sendable {
    /// No bytes; `Content-Length: 0` where a body were allowed.
    case empty
    /// All bytes at hand; sent with `Content-Length`.
    case bytes([UInt8])
    /// Bytes made while they are sent: chunked on HTTP/1.1, until the close on HTTP/1.0.
    case stream(HTTPBodyStream)
}
