import Domain
import HTTPServer
import Testing

@testable import ControlAPI

struct DefaultMethodTests {
    private let harness: APIHarness
    private let check: SchemaCheck
    private static let path = "/v1/rpc-methods"

    init() throws {
        harness = try APIHarness()
        check = try SchemaCheck()
    }

    @Test func method_isAddedReadReplacedAndRemoved() async throws {
        let made = try await harness.send(
            .post, Self.path, #"{"name":"get","description":"d","handler":{"type":"queue"},"keep_payloads":true}"#)
        #expect(made.status == 201)
        #expect(try made.header("Location") == "/v1/rpc-methods/get")
        #expect(
            made.text == """
                {"name":"get","description":"d","handler":{"type":"queue","timeout_ms":12000,"envelope":"json"},\
                "allowed_callers":null,"keep_payloads":true}
                """)
        #expect(try check.findings(made.bytes, "DefaultRPCMethod").isEmpty)
        #expect(try await harness.send(.get, "\(Self.path)/get").text == made.text)
        let list = try await harness.send(.get, Self.path)
        #expect(list.text == #"{"data":[\#(made.text)],"next_cursor":null}"#)
        #expect(try check.findings(list.bytes, "DefaultRPCMethodPage").isEmpty)
        let replaced = try await harness.send(.put, "\(Self.path)/get", #"{"handler":{"type":"echo"}}"#)
        #expect(replaced.status == 200)
        #expect(harness.sessions.lastCall == .replaceDefault(RPCMethodSpec(name: "get", handler: .echo)))
        let removed = try await harness.send(.delete, "\(Self.path)/get")
        #expect(removed.status == 204 && removed.bytes.isEmpty)
        for method in [HTTPMethod.get, .delete] {
            let answer = try await harness.send(method, "\(Self.path)/get")
            #expect(answer.status == 404)
            #expect(try answer.json()["type"] as? String == "/problems/rpc-method-not-found")
        }
        #expect(try await harness.send(.put, "\(Self.path)/get", #"{"handler":{"type":"echo"}}"#).status == 404)
        #expect(try await harness.send(.get, "\(Self.path)/a%20b").status == 404)
    }

    @Test func takenBuiltinAndTooMany_are409() async throws {
        let body = #"{"name":"get","handler":{"type":"echo"}}"#
        #expect(try await harness.send(.post, Self.path, body).status == 201)
        #expect(
            try await harness.send(.post, Self.path, body).json()["type"] as? String == "/problems/rpc-method-taken")
        let builtin = try await harness.send(.post, Self.path, #"{"name":"end_turn","handler":{"type":"echo"}}"#)
        #expect(try builtin.json()["type"] as? String == "/problems/rpc-method-builtin")
        for number in 1..<50 {
            let more = #"{"name":"m\#(number)","handler":{"type":"echo"}}"#
            #expect(try await harness.send(.post, Self.path, more).status == 201)
        }
        let tooMany = try await harness.send(.post, Self.path, #"{"name":"z","handler":{"type":"echo"}}"#)
        #expect(tooMany.status == 409)
        #expect(try tooMany.json()["limit"] as? Int == 50)
    }

    @Test func whatNobodyAskedFor_isRefused() async throws {
        #expect(try await harness.send(.get, "\(Self.path)?limit=1").fields() == ["limit"])
        let body = #"{"name":"a","handler":{"type":"echo"},"session":"x"}"#
        #expect(try await harness.send(.post, "\(Self.path)?wait_ms=1", body).fields() == ["session", "wait_ms"])
        #expect(try await harness.send(.put, "\(Self.path)/a", body).fields() == ["name", "session"])
        #expect(try await harness.send(.delete, "\(Self.path)/a", "{}").fields() == ["body"])
    }

    @Test func headAndOptions_areAnswered() async throws {
        let head = try await harness.send(.head, Self.path)
        #expect(head.status == 200)
        let options = try await harness.send(.options, Self.path)
        #expect(options.status == 204)
        #expect(try options.header("Allow") == "GET, HEAD, OPTIONS, POST")
        #expect(try await harness.send(.options, "\(Self.path)/a").header("Allow") == "DELETE, GET, HEAD, OPTIONS, PUT")
    }

    @Test func onlyAdmins_mayChangeThem() async throws {
        #expect(try await harness.send(.get, Self.path, authorization: "Bearer reader").status == 200)
        let body = #"{"name":"a","handler":{"type":"echo"}}"#
        #expect(try await harness.send(.post, Self.path, body, authorization: "Bearer reader").status == 403)
        #expect(try await harness.send(.post, Self.path, body, authorization: "Bearer writer").status == 403)
        #expect(try await harness.send(.post, Self.path, body).status == 201)
        let one = "\(Self.path)/a", new = #"{"handler":{"type":"echo"}}"#
        #expect(try await harness.send(.put, one, new, authorization: "Bearer writer").status == 403)
        #expect(try await harness.send(.delete, one, authorization: "Bearer writer").status == 403)
    }
}
