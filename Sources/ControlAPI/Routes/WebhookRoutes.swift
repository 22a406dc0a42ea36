import Domain
import HTTPServer

/// `/v1/webhooks`: whom to tell of events.
struct WebhookRoutes: Sendable {
    let webhooks: any WebhookRegistry
    let rules: OutboundRules

    private static let collection = "/v1/webhooks"
    private static let one = collection + "/{webhook}"

    /// Whoever makes a webhook sends all rooms' events somewhere: that is the
    /// operator's, not every backend's.
    var endpoints: [Endpoint] {
        [
            Endpoint(.post, Self.collection, create).needing(.admin).remaking(recreate),
            Endpoint(.get, Self.collection, list),
            Endpoint(.get, Self.one, get),
            Endpoint(.patch, Self.one, update).needing(.admin),
            Endpoint(.delete, Self.one, delete).needing(.admin),
            Endpoint(.post, Self.one + "/rotate-secret", rotateSecret).needing(.admin).remaking(rotateAgain),
            Endpoint(.post, Self.one + "/test", test).needing(.admin),
            Endpoint(.get, Self.one + "/deliveries", deliveries),
        ]
    }

    private func create(_ request: APIRequest) async throws -> HTTPResponse {
        var input = try request.input(body: .required)
        let spec = WebhookSpec(&input.body, rules)
        let session = input.body.id("session_id", SessionKind.self)
        try input.finish()
        return Self.created(try await webhooks.create(spec, session: session, claim: request.claim))
    }

    private static func created(_ made: WebhookWithSecret) -> HTTPResponse {
        .json(made.json, status: 201, headers: ["Location": "\(collection)/\(made.webhook.id)"])
    }

    /// The process that made it died before it had answered, and nobody has seen
    /// its secret: it gets a new one, and the old one is worth nothing.
    private func recreate(_ made: IdempotencyOutcome.Made, _ request: APIRequest) async throws -> HTTPResponse {
        guard case .webhook(let id) = made else {
            throw TurngateError.internalFailure("a webhook's claim is bound to something else")
        }
        return Self.created(try await webhooks.rotateSecret(id, overlap: .zero, claim: nil))
    }

    private func list(_ request: APIRequest) async throws -> HTTPResponse {
        var input = try request.input(body: .none)
        let query = WebhookQuery(
            session: input.query.id("session_id", SessionKind.self), before: input.query.cursor(Cursor.webhook),
            limit: input.query.limit())
        try input.finish()
        let page = try await webhooks.webhooks(query)
        let next = page.next.map { Cursor.text(of: $0) }
        let shown = page.webhooks.map { $0.shown(to: request.context.caller) }
        return .json(JSONWriter.page(of: shown, next: next) { $0.write(to: &$1) })
    }

    private func get(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.webhookID()
        try request.expectNothing()
        return .json(try await webhooks.webhook(id).shown(to: request.context.caller).json)
    }

    private func update(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.webhookID()
        var input = try request.input(body: .required)
        let patch = WebhookPatch(&input.body, rules)
        try input.finish()
        return .json(try await webhooks.update(id, with: patch).json)
    }

    private func delete(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.webhookID()
        try request.expectNothing()
        try await webhooks.delete(id)
        return HTTPResponse(status: 204)
    }

    private func rotateSecret(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.webhookID()
        var input = try request.input(body: .optional)
        let overlap = input.body.integer("overlap_s", Limits.overlapSeconds) ?? Limits.defaultOverlapSeconds
        try input.finish()
        return .json(try await webhooks.rotateSecret(id, overlap: .seconds(overlap), claim: request.claim).json)
    }

    /// Nobody has seen the secret that was made: another takes its place, and
    /// the one that receivers know signs on beside it. Bound to the claim, so
    /// that whoever lost it meanwhile changes nothing.
    private func rotateAgain(_ made: IdempotencyOutcome.Made, _ request: APIRequest) async throws -> HTTPResponse {
        guard case .secret(of: let id) = made else {
            throw TurngateError.internalFailure("a rotation's claim is bound to something else")
        }
        return .json(try await webhooks.rotateSecret(id, overlap: nil, claim: request.claim).json)
    }

    private func test(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.webhookID()
        try request.expectNothing()
        return .json(try await webhooks.test(id).json)
    }

    private func deliveries(_ request: APIRequest) async throws -> HTTPResponse {
        let id = try request.webhookID()
        var input = try request.input(body: .none)
        let query = DeliveryQuery(
            statuses: input.query.list("status", WebhookDelivery.Status.self) ?? [],
            before: input.query.cursor(Cursor.delivery), limit: input.query.limit())
        try input.finish()
        let page = try await webhooks.deliveries(id, query)
        let next = page.next.map { Cursor.text(of: $0) }
        return .json(JSONWriter.page(of: page.deliveries, next: next) { $0.write(to: &$1) })
    }
}
