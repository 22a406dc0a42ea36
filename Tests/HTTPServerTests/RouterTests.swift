import HTTPServer
import Testing

@Suite struct RouterTests {
    static func route(_ method: HTTPMethod, _ pattern: String) -> HTTPRoute {
        HTTPRoute(method, pattern) { request in
            text(
                "\(request.route ?? "-") \(["id", "name"].map { request.parameters[$0] ?? "-" }.joined(separator: " "))"
            )
        }
    }

    static func router() throws -> HTTPRouter {
        try HTTPRouter([
            route(.get, "/"), route(.get, "/v1/things"), route(.post, "/v1/things"), route(.get, "/v1/things/{id}"),
            route(.delete, "/v1/things/{id}"), route(.get, "/v1/things/special"),
            route(.get, "/v1/things/{id}/parts/{name}"),
            route(.put, "/v1/things/{name}/lid"),
        ])
    }

    static func answer(_ method: HTTPMethod, _ target: String) async throws -> HTTPResponse {
        let handler = try router().handler { miss, request in
            switch miss {
            case .unknownPath: text("unknown", status: 404)
            case .undecodablePath: text("undecodable", status: 400)
            case .methodNotAllowed(let allowed, let route):
                text("\(HTTPRouter.allow(allowed)) | \(route) | \(request.route ?? "-")", status: 405)
            }
        }
        return await handler.respond(to: HTTPRequest(method: method, target: try #require(HTTPTarget(target))))
    }

    static func body(_ response: HTTPResponse) -> String {
        if case .bytes(let bytes) = response.body { String(decoding: bytes, as: UTF8.self) } else { "" }
    }

    @Test(arguments: [
        ("/", "/ - -"), ("/v1/things", "/v1/things - -"), ("/v1/things?a=b", "/v1/things - -"),
        ("/v1/things/7", "/v1/things/{id} 7 -"), ("/v1/things/special", "/v1/things/special - -"),
        ("/v1/things/special/parts/x", "/v1/things/{id}/parts/{name} special x"),
        ("/v1/things/a%2Fb/parts/%C3%A9%20", "/v1/things/{id}/parts/{name} a/b é "),
        ("/v1/things/%73pecial", "/v1/things/special - -"), ("http://host/v1/things/9", "/v1/things/{id} 9 -"),
        ("/v1/things/..", "/v1/things/{id} .. -"),
    ])
    func knownPath_reachesItsRoute(target: String, expected: String) async throws {
        for method in [HTTPMethod.get, .head] {
            let response = try await Self.answer(method, target)
            #expect(response.status == 200)
            #expect(Self.body(response) == expected)
        }
    }

    @Test func parameterNames_mayDifferBetweenRoutes() async throws {
        #expect(Self.body(try await Self.answer(.put, "/v1/things/7/lid")) == "/v1/things/{name}/lid - 7")
    }

    @Test(arguments: ["/v1", "/v1/things/", "/v1/things//parts/x", "/v2", "//", "/V1/things", "*"])
    func unknownPath_isAMissOfItsOwn(target: String) async throws {
        #expect(try await Self.answer(.get, target).status == 404)
    }

    @Test(arguments: [
        "/v1/things/%", "/v1/things/%4", "/v1/things/%zz", "/v1/things/%ff", "/v1/things/%00", "/v1/%C3/x",
    ])
    func undecodablePath_isAMissOfItsOwn(target: String) async throws {
        #expect(try await Self.answer(.get, target).status == 400)
    }

    @Test func wrongMethod_saysWhichAreAllowed() async throws {
        let response = try await Self.answer(.post, "/v1/things/7")
        #expect(response.status == 405)
        #expect(Self.body(response) == "DELETE, GET, HEAD, OPTIONS | /v1/things/{id} | /v1/things/{id}")
        #expect(Self.body(try await Self.answer(.delete, "/v1/things/special")).hasPrefix("GET, HEAD, OPTIONS |"))
    }

    @Test func options_isAnsweredWithAllow() async throws {
        let response = try await Self.answer(.options, "/v1/things")
        #expect(response.status == 204)
        #expect(response.headers["allow"] == "GET, HEAD, OPTIONS, POST")
        #expect(try await Self.answer(.options, "/nowhere").status == 404)
        #expect(try await Self.answer(.options, "*").status == 204)
    }

    @Test func routes_areListedInOrder() throws {
        let listing = try Self.router().routes
        #expect(listing.count == 8)
        #expect(listing[2].method == .post && listing[2].pattern == "/v1/things")
    }

    @Test func duplicateRoutes_areRefused() {
        #expect(throws: HTTPRoutingError.duplicateRoute(.get, pattern: "/a/{other}")) {
            try HTTPRouter([Self.route(.get, "/a/{id}"), Self.route(.post, "/a/{id}"), Self.route(.get, "/a/{other}")])
        }
    }

    @Test(arguments: ["", "a", "/a/", "/a//b", "/{}", "/{a}/{a}", "/a{b}", "/{a}b", "/{a"])
    func malformedPattern_isRefused(pattern: String) {
        #expect(throws: HTTPRoutingError.invalidPattern(pattern)) { try HTTPRouter([Self.route(.get, pattern)]) }
    }

    @Test(arguments: [HTTPMethod.head, .options])
    func methodsOfTheRouter_areReserved(method: HTTPMethod) {
        #expect(throws: HTTPRoutingError.reservedMethod(method, pattern: "/a")) {
            try HTTPRouter([Self.route(method, "/a")])
        }
    }
}
