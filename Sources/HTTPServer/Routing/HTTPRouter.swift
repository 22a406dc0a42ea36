/// Finds the handler of a request: a tree of path segments, built once.
public struct HTTPRouter: Sendable {
    /// A method and a pattern, as a route was given.
    public struct Listing: Sendable, Hashable {
        /// The method.
        public let method: HTTPMethod
        /// The pattern.
        public let pattern: String
    }

    private let root: RouteNode

    /// Every route in the order given, for a test that holds them against a contract.
    public let routes: [Listing]

    /// Builds the tree.
    /// - Throws: `HTTPRoutingError` for a duplicate or a malformed pattern.
    public init(_ routes: [HTTPRoute]) throws(HTTPRoutingError) {
        var root = RouteNode()
        for (number, given) in routes.enumerated() {
            var route = given
            route.number = number
            guard route.method != .head, route.method != .options else {
                throw .reservedMethod(route.method, pattern: route.pattern)
            }
            let pattern = try RoutePattern(route.pattern)
            try root.insert(.init(route: route, names: pattern.names), at: pattern.segments[...])
        }
        self.root = root
        self.routes = routes.map { Listing(method: $0.method, pattern: $0.pattern) }
    }

    /// What the routes make of a method and a target. `HEAD` finds the route
    /// of `GET`. A trailing slash is another path.
    public func outcome(of method: HTTPMethod, _ target: HTTPTarget) -> HTTPRouteOutcome {
        guard let segments = target.segments else { return .missed(.undecodablePath) }
        var values: [String] = []
        guard let node = root.find(segments, from: 0, values: &values) else { return .missed(.unknownPath) }
        if let entry = node.entries[method == .head ? .get : method] {
            return .matched(entry.route, HTTPParameters(names: entry.names, values: values))
        }
        if method == .options { return .options(allowed: node.allowed, route: node.pattern) }
        return .missed(.methodNotAllowed(allowed: node.allowed, route: node.pattern))
    }

    /// A handler that routes: fills in the request's `parameters` and `route`,
    /// answers `OPTIONS` (204 and `Allow`; `OPTIONS *` too), and asks `missed` for the rest.
    public func handler(
        missed: @escaping @Sendable (HTTPRouteMiss, HTTPRequest) async -> HTTPResponse
    ) -> some HTTPHandler {
        HTTPClosureHandler { request in
            var request = request
            switch outcome(of: request.method, request.target) {
            case .matched(let route, let parameters):
                request.parameters = parameters
                request.route = route.pattern
                return await route.handler.respond(to: request)
            case .options(let allowed, _):
                return HTTPResponse(status: 204, headers: ["Allow": Self.allow(allowed)])
            case .missed where request.method == .options && request.target.raw == "*":
                return HTTPResponse(status: 204, headers: ["Allow": Self.allow(HTTPMethod.implemented)])
            case .missed(let miss):
                if case .methodNotAllowed(_, let route) = miss { request.route = route }
                return await missed(miss, request)
            }
        }
    }

    /// The value of an `Allow` field.
    public static func allow(_ methods: [HTTPMethod]) -> String {
        methods.map(\.rawValue).joined(separator: ", ")
    }
}
