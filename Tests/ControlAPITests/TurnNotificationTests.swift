import Domain
import Testing

@testable import ControlAPI

struct TurnNotificationTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test func notify_withoutABody_usesThePolicyAndWaitsASecondLonger() async throws {
        let path = try await harness.session()
        let answer = try await harness.send(.post, "\(path)/turn-notifications")
        #expect(answer.status == 201)
        #expect(harness.sessions.lastCall == .notify(NotificationRequest(), wait: .seconds(6)))
        let id = try #require(try answer.json()["id"] as? String)
        #expect(try answer.header("Location") == "\(path)/turn-notifications/\(id)")
        #expect(try await harness.send(.get, "\(path)/turn-notifications/\(id)").text == answer.text)
        let session = path.split(separator: "/").last ?? ""
        #expect(
            answer.text.hasPrefix(
                """
                {"id":"\(id)","session_id":"\(session)","method":"your_turn_to_speak","trigger":"api","agent_state_seq":7,\
                "created_at":"2026-11-22T10:31:07.123456Z","completed_at":"2026-11-22T10:31:07.123456Z",\
                "recipients":[{"identity":"alice","outcome":"acknowledged","response":"ok","latency_ms":11.4}
                """))
    }

    @Test(arguments: [
        ("", #"{"response_timeout_ms":200}"#, Duration.milliseconds(1200)),
        ("", #"{"wait_ms":0}"#, .zero), ("?wait_ms=0", "{}", .zero),
        ("?wait_ms=5", #"{"wait_ms":9,"response_timeout_ms":200}"#, .milliseconds(5)),
    ])
    func wait_isTheQuerysThenTheBodysThenTheTimeouts(_ query: String, _ body: String, _ wait: Duration) async throws {
        let path = try await harness.session()
        #expect(try await harness.send(.post, "\(path)/turn-notifications\(query)", body).status == 201)
        guard case .notify(_, let used) = harness.sessions.lastCall else {
            Issue.record("notify was not called")
            return
        }
        #expect(used == wait)
    }

    @Test func notify_withPendingRecipients_is202() async throws {
        let path = try await harness.session()
        harness.sessions.configure { $0.lines = [RecipientReceipt(identity: "alice", outcome: .pending)] }
        let answer = try await harness.send(.post, "\(path)/turn-notifications?wait_ms=0")
        #expect(answer.status == 202)
        #expect(
            answer.text.hasSuffix(
                #""completed_at":null,"recipients":[{"identity":"alice","outcome":"pending","latency_ms":null}]}"#))
    }

    @Test func list_pagesWithCursors() async throws {
        let path = "\(try await harness.session())/turn-notifications"
        for _ in 0..<3 { _ = try await harness.send(.post, path) }
        let first = try await harness.send(.get, "\(path)?limit=2")
        #expect((try first.json()["data"] as? [Any])?.count == 2)
        let cursor = try #require(try first.json()["next_cursor"] as? String)
        let second = try await harness.send(.get, "\(path)?limit=2&cursor=\(cursor)")
        #expect((try second.json()["data"] as? [Any])?.count == 1)
        #expect(second.text.hasSuffix(#""next_cursor":null}"#))
    }

    @Test(arguments: ["ntf_01JD8Z4J9YF3T5W6X7Y8Z9A0BC", "x", "ses_01JD8Z4J9YF3T5W6X7Y8Z9A0BC"])
    func unknownAndMalformedIDs_are404(_ id: String) async throws {
        let answer = try await harness.send(.get, "\(try await harness.session())/turn-notifications/\(id)")
        #expect(answer.status == 404)
        #expect(try answer.json()["type"] as? String == "/problems/turn-notification-not-found")
    }
}
