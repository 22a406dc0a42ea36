/// What a server tells its log hook. Nothing in it comes from a request's
/// headers, target or body.
public enum HTTPServerEvent: Sendable, Equatable {
    /// The front answered by itself.
    case refused(HTTPFrontError, remoteAddress: String?)
    /// A stream's producer threw, and the connection was cut; `reason` is the error's type.
    case streamFailed(reason: String)
    /// A connection could not be accepted; `reason` is the system's. At most one a second.
    case acceptFailed(reason: String)
    /// A message of libmicrohttpd.
    case engine(String)
}
