import Domain
import HTTPServer

/// One call of the API.
struct Endpoint: Sendable {
    var method: HTTPMethod
    /// As in `openapi.yaml`: `/v1/sessions/{session}`.
    var pattern: String
    /// What the caller's key must allow; nil for what is open to everybody.
    var scope: Caller.Scope?
    /// What it touches, for callers that are of one room only.
    var reach: Reach
    /// How a repeat is answered whose first call died after it had made
    /// something; nil for calls that make nothing that a claim is bound to.
    var remade: (@Sendable (IdempotencyOutcome.Made, APIRequest) async throws -> HTTPResponse)?
    /// How the request's body is taken.
    var bodyRule = HTTPBodyRule.collected
    var answer: @Sendable (APIRequest) async throws -> HTTPResponse
    /// The same answer where it is at hand; nil where it is not, or something has
    /// to be waited for. Runs on the network's thread, without a task.
    var answerAtOnce: (@Sendable (APIRequest) throws -> HTTPResponse?)?
    /// Whether the answer is what the database says and little more, so that it
    /// goes on where `Dependencies.relay` says.
    var isRelay = false

    /// A call that needs `read` for GET and `write` for the rest.
    init(
        _ method: HTTPMethod, _ pattern: String, _ answer: @escaping @Sendable (APIRequest) async throws -> HTTPResponse
    ) {
        self.method = method
        self.pattern = pattern
        self.answer = answer
        scope = method == .get ? .read : .write
        reach = Reach(pattern: pattern)
    }

    /// The same, with an answer for repeats of a call that died after it had
    /// bound its claim.
    func remaking(
        _ answer: @escaping @Sendable (IdempotencyOutcome.Made, APIRequest) async throws -> HTTPResponse
    ) -> Endpoint {
        var endpoint = self
        endpoint.remade = answer
        return endpoint
    }

    /// The same with an answer that may be at hand, for calls that change nothing.
    func answeringAtOnce(_ answer: @escaping @Sendable (APIRequest) throws -> HTTPResponse?) -> Endpoint {
        var endpoint = self
        endpoint.answerAtOnce = answer
        return endpoint
    }

    /// The same for an answer that is what the database says and little more.
    func relaying() -> Endpoint {
        var endpoint = self
        endpoint.isRelay = true
        return endpoint
    }

    /// The same with a body that is read while it comes.
    func streaming(_ limits: HTTPBodyStreamLimits) -> Endpoint {
        var endpoint = self
        endpoint.bodyRule = .streamed(limits)
        return endpoint
    }

    /// The same for callers whose key has at least this scope.
    func needing(_ scope: Caller.Scope) -> Endpoint {
        var endpoint = self
        endpoint.scope = scope
        return endpoint
    }

    /// A GET without a key.
    static func open(
        _ pattern: String, _ answer: @escaping @Sendable (APIRequest) async throws -> HTTPResponse
    ) -> Endpoint {
        var endpoint = Endpoint(.get, pattern, answer)
        endpoint.scope = nil
        endpoint.reach = .open
        return endpoint
    }
}
