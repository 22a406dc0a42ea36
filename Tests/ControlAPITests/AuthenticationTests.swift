import HTTPServer
import Testing

@testable import ControlAPI

struct AuthenticationTests {
    private let harness: APIHarness

    init() throws { harness = try APIHarness() }

    @Test func withoutAKey_is401WithAChallenge() async throws {
        let answer = try await harness.send(.get, "/v1/sessions", authorization: "")
        #expect(answer.status == 401)
        #expect(try answer.header("WWW-Authenticate") == "Bearer realm=\"turngate\"")
        #expect(try answer.json()["type"] as? String == "/problems/unauthenticated")
    }

    @Test(arguments: [
        "Bearer wrong", "Bearer", "Bearer ", "Basic ZGV2LWtleQ==", "dev-key", "Bearer dev-key, Bearer dev-key",
    ])
    func withAWrongKey_is401(_ field: String) async throws {
        let answer = try await harness.send(.get, "/v1/sessions", authorization: field)
        #expect(answer.status == 401)
        #expect(try answer.header("WWW-Authenticate").hasPrefix("Bearer realm=\"turngate\", error="))
    }

    @Test func withTwoAuthorizationFields_is401() async throws {
        let headers: HTTPHeaders = ["Authorization": "Bearer dev-key", "authorization": "Bearer dev-key"]
        #expect(try await harness.send(.get, "/v1/sessions", bytes: [], headers: headers).status == 401)
    }

    @Test func theScheme_isReadWithoutRegardToCase() async throws {
        #expect(try await harness.send(.get, "/v1/sessions", authorization: "bearer  dev-key").status == 200)
    }

    @Test func aReader_mayReadAndNothingElse() async throws {
        #expect(try await harness.send(.get, "/v1/sessions", authorization: "Bearer reader").status == 200)
        #expect(try await harness.send(.head, "/v1/sessions", authorization: "Bearer reader").status == 200)
        let answer = try await harness.send(.post, "/v1/sessions", #"{"room":"r"}"#, authorization: "Bearer reader")
        #expect(answer.status == 403)
        #expect(try answer.json()["required_scope"] as? String == "write")
        #expect(
            try answer.header("WWW-Authenticate")
                == "Bearer realm=\"turngate\", error=\"insufficient_scope\", scope=\"write\"")
    }

    @Test func aWriter_isTheActor() async throws {
        _ = try await harness.send(.post, "/v1/sessions", #"{"room":"r"}"#, authorization: "Bearer writer")
        guard case .create(_, let actor, _) = harness.sessions.lastCall else {
            Issue.record("create was not called")
            return
        }
        #expect(actor == "shop")
    }

    @Test func withoutConfiguredKeys_everybodyMayAllAndIsNobody() async throws {
        let open = try APIHarness(keys: nil)
        #expect(try await open.send(.post, "/v1/sessions", #"{"room":"r"}"#, authorization: "").status == 201)
        guard case .create(_, let actor, _) = open.sessions.lastCall else {
            Issue.record("create was not called")
            return
        }
        #expect(actor == nil)
    }

    @Test func theKey_isAskedForBeforeTheBodyIsLookedAt() async throws {
        #expect(try await harness.send(.post, "/v1/sessions", "nonsense", authorization: "").status == 401)
    }
}
