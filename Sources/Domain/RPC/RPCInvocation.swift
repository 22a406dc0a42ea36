/// A call that a participant made to one of the agent's methods.
public struct RPCInvocation: Sendable, Equatable, Hashable {
    /// The connection's handle for the answer; means nothing elsewhere.
    public var handle: UInt64
    /// The caller's id of the request.
    public var requestID: String
    /// The method that was called; it may have been unregistered meanwhile.
    public var method: String
    /// The caller's identity.
    public var caller: String
    /// The caller's text, at most 15,360 bytes.
    public var payload: String
    /// How long the caller waits for the answer, from its arrival here.
    public var responseTimeout: Duration

    public init(
        handle: UInt64, requestID: String, method: String, caller: String, payload: String, responseTimeout: Duration
    ) {
        self.handle = handle
        self.requestID = requestID
        self.method = method
        self.caller = caller
        self.payload = payload
        self.responseTimeout = responseTimeout
    }
}
