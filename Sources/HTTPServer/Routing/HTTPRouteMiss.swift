/// Why a router has no handler for a request.
public enum HTTPRouteMiss: Sendable, Equatable {
    /// No pattern has this path: 404.
    case unknownPath
    /// The path exists with other methods: 405 and `Allow` with these, sorted;
    /// `HEAD` where there is `GET`, and `OPTIONS`.
    case methodNotAllowed(allowed: [HTTPMethod], route: String)
    /// A segment's percent-encoding is broken or is not UTF-8: 400.
    case undecodablePath
}
