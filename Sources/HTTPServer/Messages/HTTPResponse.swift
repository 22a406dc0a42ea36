/// A response as a handler gives it. The front adds `Date`, the framing
/// (`Content-Length` or `Transfer-Encoding`) and `Connection`; these three in
/// `headers` are ignored, as are fields with a line break or NUL in them.
public struct HTTPResponse: Sendable {
    /// The status, 200…599. Anything else is sent as 500 without a body.
    public var status: Int
    /// The header fields.
    public var headers: HTTPHeaders
    /// The body. Not sent for `HEAD`, 204 and 304.
    public var body: HTTPBody

    /// A response from its parts.
    public init(status: Int, headers: HTTPHeaders = [:], body: HTTPBody = .empty) {
        self.status = status
        self.headers = headers
        self.body = body
    }
}
