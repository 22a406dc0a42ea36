/// A call to be made. Nothing is checked here; `OutboundHTTPClient.send` refuses
/// what it cannot send.
public struct OutboundRequest: Sendable {
    /// What to do.
    public var method: OutboundMethod
    /// An absolute `http` or `https` URL, without user information.
    public var url: String
    /// Fields besides those that the client makes itself (`Host`,
    /// `Content-Length` and the like, which are refused here).
    public var headers: [OutboundHeader]
    /// The body; must be empty for GET and HEAD.
    public var body: [UInt8]
    /// From `send` to the last byte of the answer, waiting in the queue included:
    /// 1 ms to 1 h.
    public var timeout: Duration
    /// The longest answer's body that is taken, in bytes.
    public var maxResponseBytes: Int

    /// A call with ten seconds and 1 MiB of answer unless said otherwise.
    public init(
        method: OutboundMethod, url: String, headers: [OutboundHeader] = [], body: [UInt8] = [],
        timeout: Duration = .seconds(10), maxResponseBytes: Int = 1 << 20
    ) {
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = timeout
        self.maxResponseBytes = maxResponseBytes
    }
}
