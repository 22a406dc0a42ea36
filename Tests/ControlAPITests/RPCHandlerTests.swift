import Domain
import Foundation
import HTTPServer
import Testing

@testable import ControlAPI

/// Methods that the users' own systems answer.
struct RPCHandlerTests {
    private let harness: APIHarness
    private let check: SchemaCheck
    private static let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    init() throws {
        harness = try APIHarness()
        check = try SchemaCheck()
    }

    private func register(_ method: String) async throws -> Answer {
        try await harness.send(.post, "\(try await harness.session())/rpc-methods", method)
    }

    /// `handler` within a method.
    private static func method(_ handler: String) -> String { #"{"name":"a","handler":\#(handler)}"# }

    private func registered() throws -> RPCMethodSpec? {
        guard case .register(let spec) = harness.sessions.lastCall else { return nil }
        return spec
    }

    @Test func webhook_isTakenWholeAndShownWithoutItsCredentials() async throws {
        let answer = try await register(
            """
            {"name":"get","handler":{"type":"webhook","url":"https://shop.example/rpc","timeout_ms":2500,
             "headers":{"Authorization":"Bearer s3cret","X-Shop":"7"},"secret":"\(Self.secret)","envelope":"raw"},
             "allowed_callers":{"identities":["bob","alice"],"kinds":["sip","standard"],"floor_holder":true},
             "keep_payloads":true}
            """)
        #expect(answer.status == 201)
        #expect(
            try registered()
                == RPCMethodSpec(
                    name: "get",
                    handler: .webhook(
                        WebhookHandler(
                            url: "https://shop.example/rpc", timeout: .milliseconds(2500),
                            headers: ["Authorization": "Bearer s3cret", "X-Shop": "7"], secret: Self.secret,
                            envelope: .raw)),
                    allowedCallers: AllowedCallers(
                        identities: ["alice", "bob"], kinds: [.standard, .sip], floorHolder: true),
                    keepsPayloads: true))
        #expect(
            answer.text.hasPrefix(
                #"{"name":"get","description":null,"handler":{"type":"webhook","url":"https://shop.example/rpc","#
                    + #""timeout_ms":2500,"headers":{"Authorization":"********","X-Shop":"********"},"#
                    + #""signed_with":"own","envelope":"raw"},"allowed_callers":{"identities":["alice","bob"],"#
                    + #""kinds":["standard","sip"],"floor_holder":true},"keep_payloads":true,"#))
        #expect(try check.findings(answer.bytes, "RPCMethod").isEmpty)
        #expect(!harness.log.text.contains("s3cret") && !harness.log.text.contains(Self.secret))
    }

    @Test func webhook_withoutMore_hasItsDefaults() async throws {
        let answer = try await register(Self.method(#"{"type":"webhook","url":"https://shop.example/rpc"}"#))
        #expect(answer.status == 201)
        #expect(try registered()?.handler == .webhook(WebhookHandler(url: "https://shop.example/rpc")))
        #expect(answer.text.contains(#""timeout_ms":8000,"headers":{},"signed_with":"service","envelope":"json"}"#))
        #expect(try check.findings(answer.bytes, "RPCMethod").isEmpty)
    }

    @Test func queue_isTakenAndShown() async throws {
        let plain = try await register(Self.method(#"{"type":"queue"}"#))
        #expect(try registered()?.handler == .queue(QueueHandler()))
        #expect(plain.text.contains(#""handler":{"type":"queue","timeout_ms":12000,"envelope":"json"}"#))
        #expect(try check.findings(plain.bytes, "RPCMethod").isEmpty)
        let full = try await harness.send(
            .put, "\(try await other())/rpc-methods/a",
            #"{"handler":{"type":"queue","timeout_ms":30000,"envelope":"raw"},"allowed_callers":null}"#)
        #expect(full.status == 200)
        #expect(
            harness.sessions.lastCall
                == .replace(
                    RPCMethodSpec(
                        name: "a", handler: .queue(QueueHandler(timeout: .seconds(30), envelope: .raw)))))
    }

    /// A session that has the method `a`.
    private func other() async throws -> String {
        try await harness.session(#"{"room":"other","rpc_methods":[{"name":"a","handler":{"type":"echo"}}]}"#)
    }

    @Test func withoutASecretAnywhere_isRefusedNamingTheSecret() async throws {
        let harness = try APIHarness(serviceSigns: false)
        let path = "\(try await harness.session())/rpc-methods"
        let bare = try await harness.send(
            .post, path, Self.method(#"{"type":"webhook","url":"https://shop.example"}"#))
        #expect(bare.status == 400)
        #expect(try bare.fields() == ["handler.secret"])
        let signed = Self.method(#"{"type":"webhook","url":"https://shop.example","secret":"\#(Self.secret)"}"#)
        #expect(try await harness.send(.post, path, signed).status == 201)
    }

    @Test(arguments: [
        (#"{"type":"webhook"}"#, ["handler.url"]),
        (#"{"type":"webhook","url":7}"#, ["handler.url"]),
        (#"{"type":"webhook","url":"","timeout_ms":99}"#, ["handler.url", "handler.timeout_ms"]),
        (#"{"type":"webhook","url":"ftp://shop.example"}"#, ["handler.url"]),
        (#"{"type":"webhook","url":"http://127.0.0.1/x"}"#, ["handler.url"]),
        (#"{"type":"webhook","url":"https://shop.example/\u00e9"}"#, ["handler.url"]),
        (#"{"type":"webhook","url":"https://a.example","timeout_ms":30001}"#, ["handler.timeout_ms"]),
        (#"{"type":"webhook","url":"https://a.example","timeout_ms":"1000"}"#, ["handler.timeout_ms"]),
        (#"{"type":"webhook","url":"https://a.example","envelope":"xml"}"#, ["handler.envelope"]),
        (#"{"type":"webhook","url":"https://a.example","headers":[]}"#, ["handler.headers"]),
        (#"{"type":"webhook","url":"https://a.example","headers":{"X-Foo":1}}"#, ["handler.headers.X-Foo"]),
        (#"{"type":"webhook","url":"https://a.example","headers":{"X-Foo":"a\nb"}}"#, ["handler.headers.X-Foo"]),
        (#"{"type":"webhook","url":"https://a.example","headers":{"X-Foo":""}}"#, ["handler.headers.X-Foo"]),
        (#"{"type":"webhook","url":"https://a.example","headers":{"X-Foo":" a"}}"#, ["handler.headers.X-Foo"]),
        (#"{"type":"webhook","url":"https://a.example","headers":{"X-Foo":"\u00e9"}}"#, ["handler.headers.X-Foo"]),
        (#"{"type":"webhook","url":"https://a.example","headers":{"X Foo":"a"}}"#, ["handler.headers.X Foo"]),
        (#"{"type":"webhook","url":"https://a.example","headers":{"x-a":"1","X-A":"2"}}"#, ["handler.headers.x-a"]),
        (#"{"type":"webhook","url":"https://a.example","secret":"whsec_"}"#, ["handler.secret"]),
        (#"{"type":"webhook","url":"https://a.example","secret":null}"#, ["handler.secret"]),
        (
            #"{"type":"webhook","url":"https://a.example","response":"x","nope":1}"#,
            ["handler.response", "handler.nope"]
        ),
        (#"{"type":"queue","url":"https://a.example"}"#, ["handler.url"]),
        (#"{"type":"queue","timeout_ms":0,"envelope":null}"#, ["handler.timeout_ms", "handler.envelope"]),
    ])
    func badHandlers_are400NamingTheField(_ handler: String, _ fields: [String]) async throws {
        let answer = try await register(Self.method(handler))
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
        let session = try await harness.send(
            .post, "/v1/sessions", #"{"room":"r","rpc_methods":[\#(Self.method(handler))]}"#)
        #expect(try session.fields() == fields.map { "rpc_methods[0].\($0)" })
        #expect(try await harness.send(.post, "/v1/rpc-methods", Self.method(handler)).fields() == fields)
    }

    @Test(arguments: [
        "Host", "content-length", "Content-Type", "Transfer-Encoding", "connection", "TE", "Expect", "User-Agent",
        "webhook-id", "Webhook-Signature", "traceparent", "TraceState", "Proxy-Authorization", "Accept-Encoding",
    ])
    func headersOfTheCallItself_areRefused(_ name: String) async throws {
        let handler = #"{"type":"webhook","url":"https://a.example","headers":{"\#(name)":"x"}}"#
        #expect(try await register(Self.method(handler)).fields() == ["handler.headers.\(name)"])
    }

    @Test func limits_holdAtTheirEdges() async throws {
        func status(
            url: Int = 20, timeout: Int = 100, headers: Int = 0, value: Int = 1, secret: Int = 24, identities: Int = 1
        ) async throws -> Int {
            let path = String(repeating: "a", count: url - "https://a.example/".count)
            let fields = (0..<headers).map { #""X-\#($0)":"\#(String(repeating: "v", count: value))""# }
            let bytes = [UInt8](repeating: 7, count: secret)
            let who = (0..<identities).map { "\"p\($0)\"" }.joined(separator: ",")
            let body = """
                {"name":"n","allowed_callers":{"identities":[\(who)]},"handler":{"type":"webhook",
                 "url":"https://a.example/\(path)","timeout_ms":\(timeout),"headers":{\(fields.joined(separator: ","))},
                 "secret":"whsec_\(Data(bytes).base64EncodedString())"}}
                """
            return try await APIHarness().makeMethod(body)
        }
        #expect(try await status(url: 2048, timeout: 30_000, headers: 16) == 201)
        #expect(try await status(url: 2049) == 400)
        #expect(try await status(headers: 17) == 400)
        #expect(try await status(headers: 1, value: 2048) == 201)
        #expect(try await status(headers: 1, value: 2049) == 400)
        #expect(try await status(headers: 8, value: 2048) == 400)
        #expect(try await status(secret: 64) == 201)
        #expect(try await status(secret: 23) == 400)
        #expect(try await status(secret: 65) == 400)
        #expect(try await status(identities: 100) == 201)
        #expect(try await status(identities: 101) == 400)
    }

    @Test(arguments: [
        (#"{}"#, ["allowed_callers"]), (#"{"identities":[]}"#, ["allowed_callers"]),
        (#"{"floor_holder":false}"#, ["allowed_callers"]), (#""all""#, ["allowed_callers"]),
        (#"{"identities":["a","a",""]}"#, ["allowed_callers.identities[1]", "allowed_callers.identities[2]"]),
        (#"{"kinds":["person"]}"#, ["allowed_callers.kinds[0]"]),
        (#"{"kinds":"sip","who":1}"#, ["allowed_callers.kinds", "allowed_callers.who"]),
        (#"{"floor_holder":"yes"}"#, ["allowed_callers.floor_holder"]),
    ])
    func badCallers_are400NamingTheField(_ callers: String, _ fields: [String]) async throws {
        let body = #"{"name":"a","handler":{"type":"echo"},"allowed_callers":\#(callers)}"#
        #expect(try await register(body).fields() == fields)
    }

    @Test(arguments: ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA==", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwAA"])
    func secrets_mayComeWithoutTheirPadding(_ secret: String) {
        #expect(WebhookSecretRule().problem(with: secret) == nil)
        #expect(WebhookSecretRule().problem(with: secret + "=") != nil)
        #expect(WebhookSecretRule().problem(with: String(secret.dropFirst())) != nil)
        #expect(WebhookSecretRule().problem(with: secret.replacing("AA", with: "AB")) != nil)
    }
}

extension APIHarness {
    fileprivate func makeMethod(_ body: String) async throws -> Int {
        try await send(.post, "\(try await session())/rpc-methods", body).status
    }
}
