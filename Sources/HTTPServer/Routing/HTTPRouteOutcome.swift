/// What a router makes of a method and a path.
public enum HTTPRouteOutcome: Sendable {
    /// A route answers, with these parameters.
    case matched(HTTPRoute, HTTPParameters)
    /// `OPTIONS` on a known path: 204 and `Allow` with these, sorted.
    case options(allowed: [HTTPMethod], route: String)
    /// Nothing answers.
    case missed(HTTPRouteMiss)
}
