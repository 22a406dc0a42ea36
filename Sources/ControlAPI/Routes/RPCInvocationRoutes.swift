import Domain
import HTTPServer

/// `/v1/sessions/{session}/rpc-invocations`: the log of calls, and the pull side
/// of `queue` handlers.
struct RPCInvocationRoutes: Sendable {
    let sessions: any SessionControl

    private static let collection = "/v1/sessions/{session}/rpc-invocations"

    var endpoints: [Endpoint] {
        [
            Endpoint(.get, Self.collection, list),
            Endpoint(.get, Self.collection + "/{invocation}", get),
            Endpoint(.post, Self.collection + "/{invocation}/response", answer),
        ]
    }

    /// The log's outcomes, and what has none yet.
    private enum Status: String, CaseIterable {
        case pending, answered, timeout, refused, disconnected, failed

        var outcome: RPCInvocationRecord.Outcome? { RPCInvocationRecord.Outcome(rawValue: rawValue) }
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        var input = try request.input(body: .none)
        let statuses = input.query.list("status", Status.self) ?? []
        guard statuses.contains(.pending) else { return try await log(id, statuses.compactMap(\.outcome), &input) }
        if statuses.count > 1 { input.errors.add("status", "must be pending alone, or some of the others") }
        return try await poll(id, request, &input)
    }

    private func log(
        _ id: SessionID, _ outcomes: [RPCInvocationRecord.Outcome], _ input: inout RequestInput
    ) async throws -> HTTPResponse {
        for name in ["wait_ms", "lease_ms"] where !input.query.isAbsent(name) {
            input.errors.add(name, "is for status=pending only")
            _ = input.query.all(name)
        }
        let query = InvocationQuery(
            method: input.query.string("method", Limits.calledMethod),
            participant: input.query.string("participant", Limits.name),
            direction: input.query.choice("direction", RPCInvocationRecord.Direction.self), outcomes: outcomes,
            before: input.query.cursor(Cursor.invocation), limit: input.query.limit())
        try input.finish()
        let page = try await sessions.invocations(id, query)
        let next = page.next.map { Cursor.text(of: $0) }
        return .json(JSONWriter.page(of: page.invocations, next: next) { $0.write(to: &$1) })
    }

    /// Takes calls away from other pollers, which reading alone must not.
    private func poll(_ id: SessionID, _ request: APIRequest, _ input: inout RequestInput) async throws -> HTTPResponse
    {
        for name in ["participant", "direction", "cursor"] where !input.query.isAbsent(name) {
            input.errors.add(name, "is not for status=pending")
            _ = input.query.all(name)
        }
        let poll = InvocationPoll(
            method: input.query.string("method", Limits.ownMethod),
            limit: input.query.integer("limit", Limits.pollPage) ?? Limits.defaultPollPage,
            wait: input.query.wait() ?? .zero,
            lease: .milliseconds(input.query.integer("lease_ms", Limits.leaseMs) ?? Limits.defaultLeaseMs))
        try input.finish()
        try request.require(.write, for: "status")
        // A HEAD has no use for what it would take.
        guard request.http.method != .head else {
            _ = try await sessions.session(id)
            return .json(JSONWriter.page(of: [LeasedInvocation](), next: nil) { $0.write(to: &$1) })
        }
        let taken = try await sessions.takeInvocations(id, poll)
        return .json(JSONWriter.page(of: taken, next: nil) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let invocation = try request.invocationID()
        try request.expectNothing()
        return .json(try await sessions.invocation(id, invocation).json)
    }

    private func answer(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.sessionID()
        let invocation = try request.invocationID()
        var input = try request.input(body: .required)
        let answer = InvocationAnswer(&input.body)
        try input.finish()
        guard let answer else { throw TurngateError.internalFailure("an answer that is neither there nor wrong") }
        try await sessions.answerInvocation(id, invocation, with: answer)
        return HTTPResponse(status: 204)
    }
}
