import Domain
import Testing

@testable import ControlAPI

struct RPCTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test func method_isRegisteredReadReplacedAndRemoved() async throws {
        let path = "\(try await harness.session())/rpc-methods"
        let made = try await harness.send(
            .post, path, #"{"name":"get","description":"d","handler":{"type":"static","response":"x"}}"#)
        #expect(made.status == 201)
        #expect(try made.header("Location") == "\(path)/get")
        #expect(
            made.text == """
                {"name":"get","description":"d","handler":{"type":"static","response":"x"},"allowed_callers":null,"keep_payloads":false,"builtin":false,\
                "registered_at":"2026-11-22T10:31:07.123456Z","usage":{"calls":1,"errors":1,"mean_latency_ms":3.0,\
                "max_latency_ms":3.0,"last_called_at":"2026-11-22T10:31:07.123456Z"}}
                """)
        #expect(try await harness.send(.get, "\(path)/get").text == made.text)
        let replaced = try await harness.send(.put, "\(path)/get", #"{"handler":{"type":"echo"}}"#)
        #expect(replaced.status == 200)
        #expect(harness.sessions.lastCall == .replace(RPCMethodSpec(name: "get", handler: .echo)))
        let removed = try await harness.send(.delete, "\(path)/get")
        #expect(removed.status == 204)
        #expect(removed.bytes.isEmpty)
        #expect(try await harness.send(.delete, "\(path)/get").status == 404)
        #expect(try await harness.send(.put, "\(path)/get", #"{"handler":{"type":"echo"}}"#).status == 404)
    }

    @Test func list_showsBuiltinsAsTurngatesOwn() async throws {
        let path = "\(try await harness.session())/rpc-methods"
        let answer = try await harness.send(.get, path)
        #expect(
            answer.text == """
                {"data":[{"name":"start_turn","description":"Takes the floor; with {\\"queue\\": true} waits for it.",\
                "handler":{"type":"builtin"},"allowed_callers":null,"keep_payloads":false,"builtin":true,\
                "registered_at":"2026-11-22T10:31:07.123456Z","usage":{"calls":0,"errors":0,"mean_latency_ms":null,\
                "max_latency_ms":null,"last_called_at":null}}],"next_cursor":null}
                """)
    }

    @Test func takenAndBuiltinNames_are409() async throws {
        let path = "\(try await harness.session())/rpc-methods"
        let body = #"{"name":"get","handler":{"type":"echo"}}"#
        #expect(try await harness.send(.post, path, body).status == 201)
        let taken = try await harness.send(.post, path, body)
        #expect(taken.status == 409)
        #expect(try taken.json()["type"] as? String == "/problems/rpc-method-taken")
        let builtin = try await harness.send(.post, path, #"{"name":"start_turn","handler":{"type":"echo"}}"#)
        #expect(try builtin.json()["type"] as? String == "/problems/rpc-method-builtin")
    }

    @Test func tooManyMethods_are409WithTheBoundAsANumber() async throws {
        let path = "\(try await harness.session())/rpc-methods"
        harness.sessions.configure { $0.failure = .conflict(.tooManyRPCMethods(limit: 50)) }
        let answer = try await harness.send(.post, path, #"{"name":"get","handler":{"type":"echo"}}"#)
        #expect(answer.status == 409)
        #expect(try answer.json()["limit"] as? Int == 50)
    }

    @Test(arguments: [
        (#"{"handler":{"type":"echo"}}"#, ["name"]),
        (#"{"name":"a"}"#, ["handler"]),
        (#"{"name":"a","handler":{}}"#, ["handler.type"]),
        (#"{"name":"a","handler":{"type":"grpc","url":"http://x"}}"#, ["handler.type"]),
        (#"{"name":"a","handler":{"type":"builtin"}}"#, ["handler.type"]),
        (#"{"name":"a","handler":{"type":"static"}}"#, ["handler.response"]),
        (#"{"name":"a","handler":{"type":"echo","response":"x"}}"#, ["handler.response"]),
        (#"{"name":"a b","handler":{"type":"echo"}}"#, ["name"]),
        (#"{"name":"","handler":"echo","allowed_callers":[]}"#, ["name", "handler", "allowed_callers"]),
        (#"{"name":"a","handler":{"type":"echo"},"keep_payloads":1,"more":2}"#, ["keep_payloads", "more"]),
    ])
    func badMethods_are400NamingTheField(_ body: String, _ fields: [String]) async throws {
        let answer = try await harness.send(.post, "\(try await harness.session())/rpc-methods", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }

    @Test func longNamesAndPayloads_areRefusedAtTheirBound() async throws {
        let path = try await harness.session()
        func status(name: Int, response: Int) async throws -> Int {
            let name = String(repeating: "a", count: name), response = String(repeating: "é", count: response)
            let body = #"{"name":"\#(name)","handler":{"type":"static","response":"\#(response)"}}"#
            return try await harness.send(.post, "\(path)/rpc-methods", body).status
        }
        #expect(try await status(name: 64, response: 7680) == 201)
        #expect(try await status(name: 65, response: 1) == 400)
        #expect(try await status(name: 63, response: 7681) == 400)
    }

    @Test func call_answersOneResultPerRecipient() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(
            .post, "\(path)/rpc-calls", #"{"method":"m","payload":"p","destinations":["alice","bob","eve"]}"#)
        #expect(answer.status == 200)
        #expect(
            answer.text == """
                {"method":"m","results":[{"identity":"alice","outcome":"acknowledged","response":"ok","latency_ms":11.4},\
                {"identity":"bob","outcome":"unsupported","error":{"code":1400,"message":"Method not supported at destination"},\
                "latency_ms":9.8},\
                {"identity":"eve","outcome":"failed","error":{"code":7,"message":"no","data":"{}"},"latency_ms":1.0}]}
                """)
        #expect(
            harness.sessions.lastCall
                == .call(
                    RPCCallRequest(
                        method: "m", payload: "p", destinations: .identities(["alice", "bob", "eve"]),
                        responseTimeout: .seconds(10))))
    }

    @Test(arguments: ["2000", "2000.0", "2e3"])
    func integers_mayBeWrittenInAnyWay(_ text: String) async throws {
        let path = try await harness.session()
        let body = #"{"method":"m","destinations":"all","response_timeout_ms":\#(text)}"#
        #expect(try await harness.send(.post, "\(path)/rpc-calls", body).status == 200)
        #expect(
            harness.sessions.lastCall
                == .call(
                    RPCCallRequest(method: "m", payload: "", destinations: .all, responseTimeout: .seconds(2))))
    }

    @Test(arguments: [
        (#"{"method":"m"}"#, ["destinations"]), (#"{"destinations":"all"}"#, ["method"]),
        (#"{"method":"m","destinations":"some"}"#, ["destinations"]),
        (#"{"method":"m","destinations":[]}"#, ["destinations"]),
        (#"{"method":"m","destinations":["a","",3]}"#, ["destinations[1]", "destinations[2]"]),
        (#"{"method":"m","destinations":"all","response_timeout_ms":99}"#, ["response_timeout_ms"]),
        (#"{"method":"m","destinations":"all","response_timeout_ms":1000.5}"#, ["response_timeout_ms"]),
        (#"{"method":"m","destinations":"all","response_timeout_ms":1e300}"#, ["response_timeout_ms"]),
        (#"{"method":"m","destinations":"all","payload":null}"#, ["payload"]),
    ])
    func badCalls_are400NamingTheField(_ body: String, _ fields: [String]) async throws {
        let answer = try await harness.send(.post, "\(try await harness.session())/rpc-calls", body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }
}
