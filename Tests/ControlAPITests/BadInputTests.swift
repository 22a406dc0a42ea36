import Domain
import HTTPServer
import Testing

@testable import ControlAPI

/// What bad input gets, as the contract's table has it.
struct BadInputTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test func problem_hasExactlyItsMembers() async throws {
        let answer = try await harness.send(
            .post, "/v1/sessions", #"{"rom":"x"}"#, headers: ["X-Request-Id": "abc-1"])
        #expect(answer.status == 400)
        #expect(try answer.header("Content-Type") == "application/problem+json")
        #expect(
            answer.text == """
                {"type":"/problems/invalid-request","title":"The request has fields that are not valid","status":400,\
                "detail":"room is required. 1 more in errors.","instance":"/v1/sessions","request_id":"abc-1",\
                "errors":[{"field":"room","message":"is required"},{"field":"rom","message":"is not a known field"}]}
                """)
    }

    @Test func everythingThatIsWrong_isSaidAtOnce() async throws {
        let body = """
            {"room":"","agent":{"identity":5,"nam":"x","attributes":{"lk.agent.state":"x","turngate.gate":"y","a b":"c","n":1}},
             "rpc_methods":[{"name":"a","handler":{"type":"grpc"}},7],
             "turn_policy":{"mode":"x","notify_on":["idle","x"],"pre_roll_ms":2001,"notification":{"method":""}},
             "labels":[],"metadata":"x","max_duration_s":-1,"empty_timeout_s":1.5}
            """
        let answer = try await harness.send(.post, "/v1/sessions?wait_ms=-1&nope=1", body)
        #expect(answer.status == 400)
        #expect(
            try answer.fields() == [
                "wait_ms", "room", "agent.identity", "agent.attributes.lk.agent.state",
                "agent.attributes.turngate.gate",
                "agent.attributes.a b",
                "agent.attributes.n", "agent.nam", "rpc_methods[0].handler.type", "rpc_methods[1]", "labels",
                "metadata",
                "max_duration_s", "empty_timeout_s", "turn_policy.mode", "turn_policy.notify_on[1]",
                "turn_policy.pre_roll_ms", "turn_policy.notification.method", "nope",
            ])
        #expect(harness.sessions.lastCall == nil)
    }

    @Test(arguments: [
        #"{"room":"r""#, "", "[]", "null", "{room:1}", #"{"room":"r"} x"#, #"{"room":"r","room":"s"}"#,
        #"{"room":"\ud800"}"#, #"{"room":"\udc00\ud800"}"#, #"{"room":"r","max_duration_s":1e999}"#,
        #"{"room":"r","max_duration_s":01}"#, "{\"room\":\"a\tb\"}", #"{"room":"\x41"}"#, "\u{FEFF}{}", "{'room':'r'}",
    ])
    func bodiesThatAreNotObjects_are400NamingTheBody(_ body: String) async throws {
        let answer = try await harness.send(.post, "/v1/sessions", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == ["body"])
    }

    @Test func deepNesting_is400() async throws {
        let body = #"{"room":"r","metadata":"# + String(repeating: "[", count: 100_000)
        let answer = try await harness.send(.post, "/v1/sessions", body)
        #expect(answer.status == 400)
        #expect(answer.text.contains("nested deeper than 64 levels"))
    }

    @Test func invalidUTF8_is400InBodyQueryAndPath() async throws {
        let headers: HTTPHeaders = ["Authorization": "Bearer dev-key", "Content-Type": "application/json"]
        let bytes = Array(#"{"room":""#.utf8) + [0xFF] + Array(#""}"#.utf8)
        let body = try await harness.send(.post, "/v1/sessions", bytes: bytes, headers: headers)
        #expect(body.status == 400)
        #expect(try body.json()["type"] as? String == "/problems/malformed-json")
        let query = try await harness.send(.get, "/v1/sessions?room=%ff&limit=1")
        #expect(query.status == 400)
        #expect(try query.fields() == ["room"])
        #expect(try await harness.send(.get, "/v1/sessions/%ff").status == 400)
    }

    @Test(arguments: [
        #"{"room":"a\u0000b"}"#, #"{"room":"a\nb"}"#, #"{"room":"\u0085"}"#, #"{"room":5}"#, #"{"room":null}"#,
    ])
    func roomsWithControlCharactersOrOfOtherTypes_are400(_ body: String) async throws {
        let answer = try await harness.send(.post, "/v1/sessions", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == ["room"])
    }

    @Test func names_mayBe128CharactersOfASCIIOr64OfAnyScript() async throws {
        func status(_ room: String) async throws -> Int {
            try await harness.send(.post, "/v1/sessions", #"{"room":"\#(room)"}"#).status
        }
        #expect(try await status(String(repeating: "a", count: 128)) == 201)
        #expect(try await status(String(repeating: "a", count: 129)) == 400)
        #expect(try await status(String(repeating: "𝄞", count: 64)) == 201)
        #expect(try await status(String(repeating: "é", count: 65)) == 400)
    }

    @Test func bigMetadataLabelsAndLists_areRefusedAtTheirBound() async throws {
        func fields(_ rest: String) async throws -> [String] {
            let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"r",\#(rest)}"#)
            return answer.status == 400 ? try answer.fields() : ["\(answer.status)"]
        }
        let long = String(repeating: "a", count: 16_385)
        #expect(try await fields(#""metadata":{"a":"\#(long)"}"#) == ["metadata"])
        #expect(try await fields(#""metadata":{"a":["\u0000"]}"#) == ["metadata"])
        #expect(try await fields(#""agent":{"metadata":"\#(long)"}"#) == ["agent.metadata"])
        let pairs = (0..<33).map { #""k\#($0)":"v""# }.joined(separator: ",")
        #expect(try await fields(#""labels":{\#(pairs)}"#) == ["labels"])
        let methods = (0..<51).map { #"{"name":"m\#($0)","handler":{"type":"echo"}}"# }.joined(separator: ",")
        #expect(try await fields(#""rpc_methods":[\#(methods)]"#) == ["rpc_methods"])
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=1001", "limit"), ("limit=x", "limit"), ("limit=", "limit"),
        ("limit=%2B1", "limit"),
        ("limit=1&limit=2", "limit"), ("status=live", "status"), ("status=", "status"), ("room=", "room"),
        ("room=a%01", "room"), ("cursor=", "cursor"), ("cursor=x", "cursor"),
        ("cursor=n1-01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "cursor"), ("cursor=s1-01jd8z4j9yf3t5w6x7y8z9a0bc", "cursor"),
        ("cursor=s2-01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "cursor"), ("Limit=1", "Limit"), ("label.=x", "label."),
        ("label.a%20b=x", "label.a b"), ("label.a=1&label.a=2", "label.a"), ("wait_ms=0", "wait_ms"),
    ])
    func badQueries_are400NamingTheParameter(_ query: String, _ field: String) async throws {
        let answer = try await harness.send(.get, "/v1/sessions?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.fields() == [field])
    }

    @Test(arguments: [
        ("since=yesterday", "since"), ("since=2026-02-30T00:00:00Z", "since"), ("until=2026-11-22", "until"),
        ("order=up", "order"), ("state=x", "state"), ("cursor=h1-1-2-3", "cursor"),
        ("cursor=h1--1-01JD8Z4J9YF3T5W6X7Y8Z9A0BC-1", "cursor"),
    ])
    func badHistoryQueries_are400NamingTheParameter(_ query: String, _ field: String) async throws {
        let answer = try await harness.send(.get, "/v1/agent-states?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.fields() == [field])
    }

    @Test(arguments: ["text/plain", "application/json; charset=latin1", "application/jsonp", "", "multipart/form-data"])
    func otherContentTypes_are415(_ type: String) async throws {
        let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"r"}"#, headers: ["Content-Type": type])
        #expect(answer.status == 415)
        #expect(try answer.header("Accept") == "application/json")
    }

    @Test(arguments: ["application/json", "Application/JSON; charset=UTF-8", "application/json;charset=\"utf-8\""])
    func jsonContentTypes_areTaken(_ type: String) async throws {
        let headers: HTTPHeaders = ["Content-Type": type]
        #expect(try await harness.send(.post, "/v1/sessions", #"{"room":"r"}"#, headers: headers).status == 201)
    }

    @Test func bodyOfACallThatTakesNone_is400() async throws {
        let answer = try await harness.send(.get, "/v1/sessions", "{}")
        #expect(answer.status == 400)
        #expect(try answer.fields() == ["body"])
    }

    @Test func unknownPaths_are404() async throws {
        for path in ["/", "/v1", "/v1/session", "/v1/sessions/", "/V1/sessions", "/docs/", "/v1/rpc-method"] {
            let answer = try await harness.send(.get, path)
            #expect(answer.status == 404, "\(path)")
            #expect(try answer.json()["type"] as? String == "/problems/route-not-found")
        }
    }

    @Test func otherMethods_are405WithAllow() async throws {
        let answer = try await harness.send(.put, "/v1/sessions")
        #expect(answer.status == 405)
        #expect(try answer.header("Allow") == "GET, HEAD, OPTIONS, POST")
        let trace = HTTPRequestHead(method: HTTPMethod(rawValue: "TRACE"), rawTarget: "/healthz?x=1", headers: [:])
        let refused = Answer(harness.api.frontErrorResponse(.methodNotImplemented, trace))
        #expect(refused.status == 405)
        #expect(try refused.header("Allow") == "GET, HEAD, OPTIONS")
        #expect(try refused.json()["instance"] as? String == "/healthz")
    }

    @Test func options_is204WithAllow() async throws {
        let answer = try await harness.send(.options, "/v1/sessions", authorization: "")
        #expect(answer.status == 204)
        #expect(try answer.header("Allow") == "GET, HEAD, OPTIONS, POST")
    }

    @Test(arguments: HTTPFrontError.allCases)
    func frontErrors_areProblemsOfTheirStatus(_ error: HTTPFrontError) async throws {
        let answer = Answer(harness.api.frontErrorResponse(error, nil))
        #expect(answer.status == error.status)
        #expect(try answer.json()["status"] as? Int == error.status)
        #expect(try answer.header("Content-Type") == "application/problem+json")
        #expect(try answer.header("X-Request-Id").hasPrefix("req_"))
        #expect((answer.response.headers["Retry-After"] != nil) == (error.status == 503))
    }

    @Test(arguments: [
        (TurngateError.storeUnavailable(detail: "no connection"), 503, "store-unavailable"),
        (.overloaded("the journal is full"), 503, "overloaded"), (.shuttingDown, 503, "shutting-down"),
        (.internalFailure("secret detail"), 500, "internal-error"),
    ])
    func troubleOfOurs_hasItsStatus(_ error: TurngateError, _ status: Int, _ slug: String) async throws {
        harness.sessions.configure { $0.failure = error }
        let answer = try await harness.send(.get, "/v1/sessions")
        #expect(answer.status == status)
        #expect(try answer.json()["type"] as? String == "/problems/\(slug)")
        #expect((answer.response.headers["Retry-After"] != nil) == (status == 503))
        #expect(!answer.text.contains("secret"))
    }
}
