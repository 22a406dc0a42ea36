import Domain
import Foundation
import HTTPServer
import Testing

@testable import ControlAPI

struct WebhookTests {
    private let harness: APIHarness
    private let check: SchemaCheck
    private static let path = "/v1/webhooks"
    private static let body = #"{"url":"https://shop.example/hook"}"#

    init() throws {
        harness = try APIHarness()
        check = try SchemaCheck()
    }

    private func made(_ body: String = body) async throws -> String {
        try await harness.send(.post, Self.path, body).header("Location")
    }

    @Test func webhook_isMadeWithASecretThatIsShownOnce() async throws {
        let answer = try await harness.send(
            .post, Self.path, #"{"url":"https://shop.example/hook","events":["turn.started"],"description":"d"}"#)
        #expect(answer.status == 201)
        let path = try answer.header("Location")
        let id = path.dropFirst("/v1/webhooks/".count)
        #expect(
            answer.text == """
                {"id":"\(id)","url":"https://shop.example/hook","events":["turn.started"],"description":"d",\
                "session_id":null,"enabled":true,"disabled_at":null,"disabled_reason":null,\
                "previous_secret_expires_at":null,"created_at":"2026-11-22T10:31:07.124456Z",\
                "secret":"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA1"}
                """)
        #expect(try check.findings(answer.bytes, "WebhookWithSecret").isEmpty)
        let shown = try await harness.send(.get, path, authorization: "Bearer reader")
        #expect(shown.status == 200)
        #expect(try check.findings(shown.bytes, "Webhook").isEmpty)
        let list = try await harness.send(.get, Self.path, authorization: "Bearer reader")
        #expect(try check.findings(list.bytes, "WebhookPage").isEmpty)
        for text in [shown.text, list.text, harness.log.text] { #expect(!text.contains("whsec_")) }
        #expect(list.text == #"{"data":[\#(shown.text)],"next_cursor":null}"#)
    }

    @Test(arguments: [
        (Self.body, [EventType]()), (#"{"url":"https://a.example","events":[]}"#, []),
        (#"{"url":"https://a.example","events":["*"]}"#, []),
        (#"{"url":"https://a.example","events":["speech.ended","turn.ended"]}"#, [.speechEnded, .turnEnded]),
    ])
    func events_areAllOrThoseThatAreNamed(_ body: String, _ wanted: [EventType]) async throws {
        let answer = try await harness.send(.post, Self.path, body)
        #expect(try answer.json()["events"] as? [String] == (wanted.isEmpty ? ["*"] : wanted.map(\.rawValue)))
        #expect(harness.webhooks.read { $0.webhooks.values.first?.spec.events } == wanted)
    }

    @Test func webhook_ofASession_isListedUnderIt() async throws {
        let session = try #require(SessionID(try await harness.session().dropFirst("/v1/sessions/".count)))
        harness.webhooks.configure { $0.sessions = [session] }
        _ = try await made()
        let answer = try await harness.send(
            .post, Self.path, #"{"url":"https://a.example","session_id":"\#(session)"}"#)
        #expect(try answer.json()["session_id"] as? String == session.description)
        let list = try await harness.send(.get, "\(Self.path)?session_id=\(session)")
        #expect(try (list.json()["data"] as? [[String: Any]])?.count == 1)
        let nobody = SessionID(at: FakeSessions.start)
        let lost = try await harness.send(.post, Self.path, #"{"url":"https://a.example","session_id":"\#(nobody)"}"#)
        #expect(lost.status == 404)
        #expect(try lost.json()["type"] as? String == "/problems/session-not-found")
    }

    @Test func list_isPaged() async throws {
        for _ in 0..<3 { _ = try await made() }
        let first = try await harness.send(.get, "\(Self.path)?limit=2").json()
        let cursor = try #require(first["next_cursor"] as? String)
        let second = try await harness.send(.get, "\(Self.path)?limit=2&cursor=\(cursor)").json()
        #expect(second["next_cursor"] is NSNull)
        let ids = [first, second].flatMap { $0["data"] as? [[String: Any]] ?? [] }.compactMap { $0["id"] as? String }
        #expect(ids.count == 3)
        #expect(ids == ids.sorted(by: >))
    }

    @Test(arguments: [
        ("{}", ["url"]), (#"{"url":1}"#, ["url"]), (#"{"url":"http://127.0.0.1"}"#, ["url"]),
        (#"{"url":"https://a.example","events":"*"}"#, ["events"]),
        (#"{"url":"https://a.example","events":["turn.began","turn.ended",7]}"#, ["events[0]", "events[2]"]),
        (#"{"url":"https://a.example","events":["turn.ended","*"]}"#, ["events[1]"]),
        (#"{"url":"https://a.example","events":["turn.ended","turn.ended"]}"#, ["events[1]"]),
        (#"{"url":"https://a.example","events":null}"#, ["events"]),
        (#"{"url":"https://a.example","description":null}"#, ["description"]),
        (#"{"url":"https://a.example","session_id":"x"}"#, ["session_id"]),
        (#"{"url":"https://a.example","session_id":null}"#, ["session_id"]),
        (#"{"url":"https://a.example","secret":"whsec_x","enabled":true}"#, ["secret", "enabled"]),
    ])
    func badWebhooks_are400NamingTheField(_ body: String, _ fields: [String]) async throws {
        let answer = try await harness.send(.post, Self.path, body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
        #expect(harness.webhooks.read { $0.webhooks.isEmpty })
    }

    @Test func texts_areRefusedAtTheirBound() async throws {
        func status(url: Int, description: Int) async throws -> Int {
            let path = String(repeating: "a", count: url - "https://a.example/".count)
            let text = String(repeating: "é", count: description)
            return try await harness.send(
                .post, Self.path, #"{"url":"https://a.example/\#(path)","description":"\#(text)"}"#
            ).status
        }
        #expect(try await status(url: 2048, description: 1024) == 201)
        #expect(try await status(url: 2049, description: 1) == 400)
        #expect(try await status(url: 20, description: 1025) == 400)
    }

    @Test func tooMany_are409WithTheBound() async throws {
        harness.webhooks.configure { $0.failure = .conflict(.tooManyWebhooks(limit: 100)) }
        let answer = try await harness.send(.post, Self.path, Self.body)
        #expect(answer.status == 409)
        #expect(try answer.json()["limit"] as? Int == 100)
        #expect(try answer.json()["type"] as? String == "/problems/too-many-webhooks")
    }

    @Test func claim_reachesTheRegistry() async throws {
        let routes = WebhookRoutes(
            webhooks: harness.webhooks, rules: OutboundRules(urls: FakeOutboundRule(), serviceSigns: true))
        let create = try #require(routes.endpoints.first { $0.method == .post && $0.pattern == Self.path })
        let headers: HTTPHeaders = ["Content-Type": "application/json"]
        let http = HTTPRequest(
            method: .post, target: try #require(HTTPTarget(Self.path)), headers: headers, body: Array(Self.body.utf8))
        let claim = IdempotencyClaim(id: UUID())
        _ = try await create.answer(APIRequest(http: http, context: RequestContext(headers: headers), claim: claim))
        #expect(harness.webhooks.read { $0.claims } == [claim])
    }

    @Test func patch_changesWhatItNames() async throws {
        let path = try await made(#"{"url":"https://a.example","events":["turn.ended"],"description":"d"}"#)
        let off = try await harness.send(.patch, path, #"{"enabled":false}"#)
        #expect(off.status == 200)
        #expect(try check.findings(off.bytes, "Webhook").isEmpty)
        #expect(
            off.text.contains(
                #""events":["turn.ended"],"description":"d","session_id":null,"enabled":false,"#
                    + #""disabled_at":"2026-11-22T10:31:07.123456Z","disabled_reason":"api""#))
        let on = try await harness.send(
            .patch, path, #"{"enabled":true,"url":"https://b.example","events":["*"],"description":""}"#)
        #expect(
            on.text.contains(
                #""url":"https://b.example","events":["*"],"description":"","session_id":null,"enabled":true"#))
        #expect(try await harness.send(.patch, path, "{}").text == on.text)
    }

    @Test(arguments: [
        (#"{"url":"ftp://a"}"#, ["url"]), (#"{"enabled":"no"}"#, ["enabled"]), (#"{"events":["x"]}"#, ["events[0]"]),
        (#"{"session_id":"ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"}"#, ["session_id"]), (#"{"id":1}"#, ["id"]), ("", ["body"]),
    ])
    func badPatches_are400NamingTheField(_ body: String, _ fields: [String]) async throws {
        let answer = try await harness.send(.patch, try await made(), body)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }

    @Test func deleted_isGone() async throws {
        let path = try await made()
        let answer = try await harness.send(.delete, path)
        #expect(answer.status == 204 && answer.bytes.isEmpty)
        for (method, target, body) in [
            (HTTPMethod.get, path, nil), (.delete, path, nil), (.patch, path, "{}"), (.post, "\(path)/test", nil),
            (.post, "\(path)/rotate-secret", nil), (.get, "\(path)/deliveries", nil), (.get, "\(Self.path)/whk_x", nil),
        ] as [(HTTPMethod, String, String?)] {
            let answer = try await harness.send(method, target, body)
            #expect(answer.status == 404)
            #expect(try answer.json()["type"] as? String == "/problems/webhook-not-found")
        }
    }

    @Test func rotation_showsTheNewSecretAndHowLongTheOldOneSigns() async throws {
        let path = "\(try await made())/rotate-secret"
        let answer = try await harness.send(.post, path)
        #expect(answer.status == 200)
        #expect(try check.findings(answer.bytes, "WebhookWithSecret").isEmpty)
        #expect(try answer.json()["secret"] as? String == FakeWebhooks.secret(2))
        #expect(try answer.json()["previous_secret_expires_at"] as? String == "2026-11-23T10:31:07.123456Z")
        #expect(try await harness.send(.post, path, #"{"overlap_s":0}"#).status == 200)
        #expect(harness.webhooks.read { $0.overlap } == .zero)
        #expect(try await harness.send(.post, path, #"{"overlap_s":604800}"#).status == 200)
        for body in [#"{"overlap_s":604801}"#, #"{"overlap_s":-1}"#, #"{"overlap_s":"1"}"#] {
            #expect(try await harness.send(.post, path, body).fields() == ["overlap_s"])
        }
        #expect(try await harness.send(.post, path, #"{"secret":"x"}"#).fields() == ["secret"])
    }

    @Test func test_answersWithItsDelivery() async throws {
        let path = try await made()
        let answer = try await harness.send(.post, "\(path)/test")
        #expect(answer.status == 200)
        #expect(try check.findings(answer.bytes, "WebhookDelivery").isEmpty)
        let delivery = try #require(try answer.json()["id"] as? String)
        #expect(
            answer.text == """
                {"id":"\(delivery)","webhook_id":"\(path.dropFirst("/v1/webhooks/".count))","event_id":null,\
                "event_type":"webhook.test","session_id":null,"status":"failed","attempts":1,\
                "created_at":"2026-11-22T10:31:07.123456Z","next_attempt_at":null,\
                "last_attempt_at":"2026-11-22T10:31:07.123456Z","last_status":503,\
                "last_error":"The receiver answered 503.","last_duration_ms":2.5}
                """)
        #expect(try await harness.send(.post, "\(path)/test", "{}").fields() == ["body"])
    }

    @Test func deliveries_areFilteredAndPaged() async throws {
        let path = try await made()
        let id = try #require(WebhookID(path.dropFirst("/v1/webhooks/".count)))
        let event = EventID(at: FakeSessions.start)
        harness.webhooks.configure { state in
            state.deliveries = WebhookDelivery.Status.allCases.enumerated().map {
                FakeWebhooks.delivery(id, number: $0, status: $1, event: event)
            }
        }
        let all = try await harness.send(.get, "\(path)/deliveries", authorization: "Bearer reader")
        #expect(try check.findings(all.bytes, "WebhookDeliveryPage").isEmpty)
        #expect(all.text.contains(#""event_id":"\#(event)""#))
        let some = try await harness.send(.get, "\(path)/deliveries?status=failed,pending&limit=1")
        let cursor = try #require(try some.json()["next_cursor"] as? String)
        #expect(some.text.contains(#""status":"failed""#))
        let rest = try await harness.send(.get, "\(path)/deliveries?status=failed,pending&limit=1&cursor=\(cursor)")
        #expect(rest.text.contains(#""status":"pending""#))
        #expect(harness.webhooks.read { $0.deliveryQuery?.statuses } == [.failed, .pending])
        for (query, field) in [
            ("status=x", "status"), ("status=failed,failed", "status"), ("cursor=w1-", "cursor"), ("limit=0", "limit"),
            ("since=1", "since"),
        ] {
            #expect(try await harness.send(.get, "\(path)/deliveries?\(query)").fields() == [field])
        }
    }

    @Test func badLists_are400NamingTheParameter() async throws {
        for (query, field) in [
            ("session_id=x", "session_id"), ("cursor=d1-01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "cursor"), ("limit=1001", "limit"),
            ("url=x", "url"),
        ] {
            #expect(try await harness.send(.get, "\(Self.path)?\(query)").fields() == [field])
        }
    }

    @Test func changes_needAnAdmin() async throws {
        let path = try await made()
        for (method, target, body) in [
            (HTTPMethod.post, Self.path, Self.body), (.patch, path, "{}"), (.delete, path, nil),
            (.post, "\(path)/rotate-secret", nil), (.post, "\(path)/test", nil),
        ] as [(HTTPMethod, String, String?)] {
            let answer = try await harness.send(method, target, body, authorization: "Bearer writer")
            #expect(answer.status == 403, "\(method) \(target)")
            #expect(try answer.json()["required_scope"] as? String == "admin")
        }
        #expect(harness.webhooks.read { $0.webhooks.count } == 1)
    }

    @Test func headAndOptions_areAnswered() async throws {
        let path = try await made()
        for target in [Self.path, path, "\(path)/deliveries"] {
            #expect(try await harness.send(.head, target).status == 200)
        }
        #expect(try await harness.send(.options, path).header("Allow") == "DELETE, GET, HEAD, OPTIONS, PATCH")
        #expect(try await harness.send(.put, path).status == 405)
        #expect(try await harness.send(.options, "\(path)/test").header("Allow") == "OPTIONS, POST")
    }

    // MARK: A session's own

    @Test func session_isMadeWithItsWebhooksAndShowsTheirSecretsOnce() async throws {
        let answer = try await harness.send(
            .post, "/v1/sessions",
            #"{"room":"r","webhooks":[{"url":"https://a.example","events":["turn.ended"]},{"url":"https://b.example"}]}"#
        )
        #expect(answer.status == 201)
        #expect(try check.findings(answer.bytes, "SessionCreated").isEmpty)
        let shown = try #require(try answer.json()["webhooks"] as? [[String: Any]])
        #expect(shown.compactMap { $0["secret"] as? String } == [FakeWebhooks.secret(0), FakeWebhooks.secret(1)])
        guard case .create(let spec, _, _) = harness.sessions.lastCall else { return #expect(Bool(false)) }
        #expect(
            spec.webhooks == [
                WebhookSpec(url: "https://a.example", events: [.turnEnded]), WebhookSpec(url: "https://b.example"),
            ])
        let read = try await harness.send(.get, try answer.header("Location"))
        #expect(!read.text.contains("webhooks") && !harness.log.text.contains("whsec_"))
        #expect(harness.sessions.claims == [nil])
    }

    @Test(arguments: [
        (#"{}"#, ["webhooks"]), (#"[7]"#, ["webhooks[0]"]), (#"[{}]"#, ["webhooks[0].url"]),
        (
            #"[{"url":"https://a.example","events":["x"],"session_id":"y"}]"#,
            ["webhooks[0].events[0]", "webhooks[0].session_id"]
        ),
        (#"[{"url":"https://a.example"},{"url":"http://127.0.0.1"}]"#, ["webhooks[1].url"]),
        (
            "[" + [String](repeating: #"{"url":"https://a.example"}"#, count: 6).joined(separator: ",") + "]",
            ["webhooks"]
        ),
    ])
    func badSessionWebhooks_are400NamingTheField(_ webhooks: String, _ fields: [String]) async throws {
        let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"r","webhooks":\#(webhooks)}"#)
        #expect(answer.status == 400)
        #expect(try answer.fields() == fields)
    }
}
