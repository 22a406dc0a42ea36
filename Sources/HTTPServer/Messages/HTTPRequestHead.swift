/// The part of a request that is known before its body.
public struct HTTPRequestHead: Sendable {
    /// The method.
    public let method: HTTPMethod
    /// The target as it came, possibly not a valid one.
    public let rawTarget: String
    /// The target, read; nil where it is not a valid one.
    public let target: HTTPTarget?
    /// The header fields.
    public let headers: HTTPHeaders

    /// Made by the front; public so that an `errorResponse` closure can be tested.
    public init(method: HTTPMethod, rawTarget: String, headers: HTTPHeaders) {
        self.method = method
        self.rawTarget = rawTarget
        target = HTTPTarget(rawTarget)
        self.headers = headers
    }
}
