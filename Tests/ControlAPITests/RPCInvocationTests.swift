import Domain
import HTTPServer
import Testing

@testable import ControlAPI

struct RPCInvocationTests {
    private let harness: APIHarness
    private let check: SchemaCheck

    init() throws {
        harness = try APIHarness()
        check = try SchemaCheck()
    }

    /// A session's path to its invocations, and its id.
    private func session() async throws -> (path: String, id: SessionID) {
        let path = try await harness.session()
        let id = try #require(SessionID(path.dropFirst("/v1/sessions/".count)))
        return ("\(path)/rpc-invocations", id)
    }

    // MARK: The log

    @Test func log_isShownNewestFirstAndPageByPage() async throws {
        let (path, id) = try await session()
        harness.sessions.configure { state in
            state.invocations.log = (0..<3).map { FakeInvocations.line(id, number: $0) }
        }
        let first = try await harness.send(.get, "\(path)?limit=2")
        #expect(first.status == 200)
        #expect(try check.findings(first.bytes, "RPCInvocationPage").isEmpty)
        let cursor = try #require(try first.json()["next_cursor"] as? String)
        let second = try await harness.send(.get, "\(path)?limit=2&cursor=\(cursor)")
        let rows = try [first, second].flatMap { try #require(try $0.json()["data"] as? [[String: Any]]) }
        let newest = [2, 1, 0].map { FakeInvocations.line(id, number: $0).id.description }
        #expect(rows.compactMap { $0["id"] as? String } == newest)
        #expect(second.text.hasSuffix(#""next_cursor":null}"#))
        let one = try await harness.send(.get, "\(path)/\(newest[0])")
        #expect(one.status == 200)
        #expect(try check.findings(one.bytes, "RPCInvocation").isEmpty)
        #expect(
            one.text == """
                {"id":"\(newest[0])","session_id":"\(id)","direction":"in","method":"get","participant":"alice",\
                "handler":"queue","started_at":"2026-11-22T10:31:07.125456Z","duration_ms":12.5,"status":"answered",\
                "error":null,"payload":"{}","response":"{\\"success\\":true,\\"result\\":1}"}
                """)
    }

    @Test func log_showsErrorsAndNothingThatIsNotKept() async throws {
        let (path, id) = try await session()
        var line = FakeInvocations.line(id)
        line.outcome = .failed
        line.error = RPCError(code: 1500, message: "no", data: #"{"reason":"queue_full"}"#)
        (line.payload, line.response, line.handlerType, line.direction) = (nil, nil, nil, .out)
        harness.sessions.configure { [line] in $0.invocations.log = [line] }
        let answer = try await harness.send(.get, "\(path)/\(line.id)")
        #expect(try check.findings(answer.bytes, "RPCInvocation").isEmpty)
        #expect(
            answer.text.hasSuffix(
                #""status":"failed","error":{"code":1500,"message":"no","data":"{\"reason\":\"queue_full\"}"},"#
                    + #""payload":null,"response":null}"#))
    }

    @Test func filters_reachTheLog() async throws {
        let (path, _) = try await session()
        let query = "method=a!b&participant=al&direction=out&status=timeout,failed&limit=1000"
        #expect(try await harness.send(.get, "\(path)?\(query)", authorization: "Bearer reader").status == 200)
        #expect(
            harness.sessions.lastCall
                == .invocations(
                    InvocationQuery(
                        method: "a!b", participant: "al", direction: .out, outcomes: [.timeout, .failed], limit: 1000)))
    }

    @Test(arguments: [
        ("status=done", ["status"]), ("status=", ["status"]), ("status=timeout,timeout", ["status"]),
        ("status=pending,failed", ["status"]), ("status=failed&status=timeout", ["status"]),
        ("method=", ["method"]), ("participant=", ["participant"]), ("direction=up", ["direction"]),
        ("limit=0", ["limit"]), ("limit=1001", ["limit"]), ("cursor=x", ["cursor"]),
        ("cursor=n1-01JD8Z4J9YF3T5W6X7Y8Z9A0BC", ["cursor"]), ("wait_ms=5&lease_ms=1000", ["wait_ms", "lease_ms"]),
        ("status=pending&limit=101&wait_ms=60001&lease_ms=999", ["limit", "wait_ms", "lease_ms"]),
        ("status=pending&lease_ms=60001", ["lease_ms"]), ("status=pending&method=a!b", ["method"]),
        (
            "status=pending&participant=a&direction=in&cursor=r1-01JD8Z4J9YF3T5W6X7Y8Z9A0BC",
            ["participant", "direction", "cursor"]
        ),
        ("nope=1", ["nope"]), ("status=pending&nope=1", ["nope"]),
    ])
    func badQueries_are400NamingTheParameter(_ query: String, _ fields: [String]) async throws {
        let (path, _) = try await session()
        let answer = try await harness.send(.get, "\(path)?\(query)")
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }

    // MARK: The pull side

    @Test func pendingCalls_areHandedOut() async throws {
        let (path, id) = try await session()
        let payloads = [
            (#" {"order" : 42}"#, RPCEnvelope.json), ("", .json), ("not json", .raw), (#"{"a":1,"a":2}"#, .json),
        ]
        harness.sessions.configure { state in
            state.invocations.pending = payloads.enumerated().map {
                FakeInvocations.pending(id, $1.0, envelope: $1.1, number: $0)
            }
        }
        let answer = try await harness.send(
            .get, "\(path)?status=pending&method=get&wait_ms=60000&lease_ms=60000&limit=100",
            authorization: "Bearer writer")
        #expect(answer.status == 200)
        #expect(try check.findings(answer.bytes, "RPCInvocationPage").isEmpty)
        #expect(
            harness.sessions.lastCall
                == .take(InvocationPoll(method: "get", limit: 100, wait: .seconds(60), lease: .seconds(60))))
        let first = FakeInvocations.pending(id, "").invocation
        #expect(
            answer.text.hasPrefix(
                """
                {"data":[{"id":"\(first.id)","session_id":"\(id)","room":"support-42","method":"get",\
                "caller":{"identity":"alice","kind":"sip","attributes":{"tier":"gold"}},"payload":{"order":42},\
                "received_at":"2026-11-22T10:31:07.123456Z","deadline":"2026-11-22T10:31:19.123456Z",\
                "lease_expires_at":"2026-11-22T10:31:12.123456Z","attempt":1},
                """))
        for payload in [#""payload":null"#, #""payload":"not json""#, #""payload":"{\"a\":1,\"a\":2}""#] {
            #expect(answer.text.contains(payload))
        }
        #expect(answer.text.hasSuffix(#"],"next_cursor":null}"#))
    }

    @Test func polling_hasItsDefaults() async throws {
        let (path, _) = try await session()
        let answer = try await harness.send(.get, "\(path)?status=pending")
        #expect(answer.text == #"{"data":[],"next_cursor":null}"#)
        #expect(
            harness.sessions.lastCall
                == .take(InvocationPoll(method: nil, limit: 10, wait: .zero, lease: .seconds(5))))
    }

    @Test func whoMayOnlyRead_takesNothing() async throws {
        let (path, _) = try await session()
        let answer = try await harness.send(.get, "\(path)?status=pending", authorization: "Bearer reader")
        #expect(answer.status == 403)
        #expect(try answer.fields() == ["status"])
        #expect(try answer.json()["required_scope"] as? String == "write")
    }

    @Test func head_takesNothing() async throws {
        let (path, _) = try await session()
        let before = harness.sessions.lastCall
        #expect(try await harness.send(.head, "\(path)?status=pending").status == 200)
        #expect(harness.sessions.lastCall == before)
    }

    // MARK: The answer

    @Test(arguments: [
        (#"{"result":{"state": "shipped", "n": 1.50}}"#, InvocationAnswer.result(#"{"state":"shipped","n":1.50}"#)),
        (#"{"result":null}"#, .result("null")), (#"{"result":"text"}"#, .result(#""text""#)),
        (#"{"result":false}"#, .result("false")),
        (#"{"error":{"code":404,"message":"No such order"}}"#, .error(RPCError(code: 404, message: "No such order"))),
        (
            #"{"error":{"code":1500,"message":"m","data":"d"}}"#,
            .error(RPCError(code: 1500, message: "m", data: "d"))
        ),
        (#"{"error":{"code":4294967295,"message":"m"}}"#, .error(RPCError(code: .max, message: "m"))),
    ])
    func answers_reachTheCaller(_ body: String, _ wanted: InvocationAnswer) async throws {
        let (path, id) = try await session()
        let pending = FakeInvocations.pending(id, "{}")
        harness.sessions.configure { $0.invocations.pending = [pending] }
        let target = "\(path)/\(pending.invocation.id)/response"
        let answer = try await harness.send(.post, target, body)
        #expect(answer.status == 204 && answer.bytes.isEmpty)
        #expect(harness.sessions.lastCall == .answer(pending.invocation.id, wanted))
        let again = try await harness.send(.post, target, body)
        #expect(again.status == 409)
        #expect(try again.json()["type"] as? String == "/problems/invocation-over")
        #expect(try again.json()["invocation"] as? String == pending.invocation.id.description)
        #expect(try check.findings(again.bytes, "Problem").isEmpty)
    }

    @Test(arguments: [
        ("{}", ["result"]), (#"{"result":1,"error":{"code":1,"message":"m"}}"#, ["error"]),
        (#"{"error":"no"}"#, ["error"]), (#"{"error":{}}"#, ["error.code", "error.message"]),
        (#"{"error":{"code":1001,"message":"m"}}"#, ["error.code"]),
        (#"{"error":{"code":1399,"message":"m"}}"#, ["error.code"]),
        (#"{"error":{"code":1506,"message":"m"}}"#, ["error.code"]),
        (#"{"error":{"code":1999,"message":"m"}}"#, ["error.code"]),
        (#"{"error":{"code":-1,"message":"m"}}"#, ["error.code"]),
        (#"{"error":{"code":4294967296,"message":"m"}}"#, ["error.code"]),
        (#"{"error":{"code":"1500","message":""}}"#, ["error.code", "error.message"]),
        (#"{"error":{"code":1,"message":"m","data":{}}}"#, ["error.data"]),
        (#"{"error":{"code":1,"message":"m","more":1}}"#, ["error.more"]), (#"{"result":"\u0000"}"#, ["result"]),
        (#"{"answer":1}"#, ["result", "answer"]),
    ])
    func badAnswers_are400NamingTheField(_ body: String, _ fields: [String]) async throws {
        let (path, id) = try await session()
        let invocation = FakeInvocations.pending(id, "").invocation.id
        let answer = try await harness.send(.post, "\(path)/\(invocation)/response", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }

    @Test func answers_haveTheirBounds() async throws {
        let (path, id) = try await session()
        let harness = harness
        func status(_ body: String) async throws -> Int {
            let pending = FakeInvocations.pending(id, "")
            harness.sessions.configure { $0.invocations = FakeInvocations(pending: [pending]) }
            return try await harness.send(.post, "\(path)/\(pending.invocation.id)/response", body).status
        }
        func letters(_ count: Int) -> String { String(repeating: "é", count: count / 2) + (count % 2 == 1 ? "a" : "") }
        #expect(try await status(#"{"result":"\#(letters(65_534))"}"#) == 204)
        #expect(try await status(#"{"result":"\#(letters(65_535))"}"#) == 400)
        #expect(try await status(#"{"error":{"code":1000,"message":"\#(letters(256))"}}"#) == 204)
        #expect(try await status(#"{"error":{"code":2000,"message":"\#(letters(257))"}}"#) == 400)
        #expect(try await status(#"{"error":{"code":1400,"message":"m","data":"\#(letters(15_360))"}}"#) == 204)
        #expect(try await status(#"{"error":{"code":1505,"message":"m","data":"\#(letters(15_361))"}}"#) == 400)
    }

    @Test func unknownInvocations_are404() async throws {
        let (path, id) = try await session()
        let nobody = FakeInvocations.pending(id, "").invocation.id
        for name in ["\(nobody)", "inv_x", "\(id)"] {
            let one = try await harness.send(.get, "\(path)/\(name)")
            #expect(one.status == 404)
            #expect(try one.json()["type"] as? String == "/problems/invocation-not-found")
            #expect(try await harness.send(.post, "\(path)/\(name)/response", #"{"result":1}"#).status == 404)
        }
        let other = "/v1/sessions/\(SessionID(at: .init(microseconds: 0)))/rpc-invocations"
        #expect(try await harness.send(.get, other).json()["type"] as? String == "/problems/session-not-found")
    }
}
