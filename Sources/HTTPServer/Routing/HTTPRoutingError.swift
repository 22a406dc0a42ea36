/// Why a router could not be built.
public enum HTTPRoutingError: Error, Equatable, Sendable {
    /// Two routes answer the same method and the same paths.
    case duplicateRoute(HTTPMethod, pattern: String)
    /// The pattern does not start with `/`, has an empty segment or name, a
    /// repeated name, or a brace inside a segment.
    case invalidPattern(String)
    /// `HEAD` and `OPTIONS` are the router's own.
    case reservedMethod(HTTPMethod, pattern: String)
}
