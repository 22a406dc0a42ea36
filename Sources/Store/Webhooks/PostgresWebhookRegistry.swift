import Domain
import Foundation
import Postgres

/// `WebhookRegistry` in PostgreSQL.
public struct PostgresWebhookRegistry: WebhookRegistry {
    /// How many webhooks there may be for all sessions, and how many of one
    /// session: the table sees to both.
    public static let serviceLimit = 100
    /// See `serviceLimit`.
    public static let sessionLimit = 5

    /// The most rounds of `hurry`: lanes that fail meanwhile are late again.
    private static let hurryRounds = 1000

    let database: Database
    private let hurryLanes: Int
    private let clock: any TurngateClock
    private let makeSecret: @Sendable () throws -> String
    private let tester: any WebhookTester

    /// Reads and writes through `pool`. `makeSecret` gives a new `whsec_…` each
    /// time, or throws where the system has no randomness to give; `tester` sends
    /// the tests. What waits for a webhook is hurried `hurryLanes` lanes at a time.
    public init(
        pool: PostgresPool, clock: any TurngateClock, makeSecret: @escaping @Sendable () throws -> String,
        tester: any WebhookTester, hurryLanes: Int = 200
    ) {
        database = Database(pool: pool)
        self.hurryLanes = max(1, hurryLanes)
        self.clock = clock
        self.makeSecret = makeSecret
        self.tester = tester
    }

    /// What makes a session's own webhooks, for the transaction that makes the
    /// session: after its row and before its first event, so that they are told
    /// of that too. Safe to run again.
    public static func insertCommands(webhooks: [WebhookWithSecret], session: SessionID) -> [PostgresCommand] {
        webhooks.map { insertCommand($0, session: session) }
    }

    /// After `storeUnavailable` it may be there or not.
    public func create(
        _ spec: WebhookSpec, session: SessionID?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> WebhookWithSecret {
        let now = clock.now
        let webhook = Webhook(id: WebhookID(at: now), spec: spec, sessionID: session, createdAt: now)
        let made = WebhookWithSecret(webhook: webhook, secret: try newSecret())
        var commands = [Self.insertCommand(made, session: session)]
        if let claim { commands.append(PostgresIdempotencyLog.bindCommand(claim: claim, webhook: webhook.id)) }
        _ = try await transaction(commands)
        return made
    }

    /// Deleted ones are not there.
    public func webhooks(_ query: WebhookQuery) async throws(TurngateError) -> WebhookPage {
        var values: [PostgresValue] = [.int(query.limit + 1), .uuid(query.before?.uuid)]
        if let session = query.session { values.append(.id(session)) }
        let statement = query.session == nil ? WebhookStatements.list : WebhookStatements.listOfSession
        let found = try await database.rows(statement, values, Webhook.init(row:))
        let page = Array(found.prefix(query.limit))
        return WebhookPage(webhooks: page, next: found.count > page.count ? page.last?.id : nil)
    }

    /// By its primary key.
    public func webhook(_ id: WebhookID) async throws(TurngateError) -> Webhook {
        try Self.only(await database.rows(WebhookStatements.one, [.id(id)], Webhook.init(row:)))
    }

    /// One that is put to work again or has another URL tries at once what waits.
    public func update(_ id: WebhookID, with patch: WebhookPatch) async throws(TurngateError) -> Webhook {
        let values: [PostgresValue] = [
            .id(id), .text(patch.url), patch.events.map { .textArray($0.map(\.rawValue)) } ?? .null,
            .text(patch.description), patch.enabled.map { .bool($0) } ?? .null,
        ]
        let row = try await transaction([PostgresCommand(WebhookStatements.update, values)]).first?.first
        guard let row else { throw .notFound(.webhook) }
        if patch.enabled == true || patch.url != nil { try await hurry(id) }
        do {
            return try Webhook(row: row)
        } catch {
            throw TurngateError(error)
        }
    }

    /// A few lanes at a time, since events may wait for their locks. What is left
    /// after an error is tried when it is due, or hurried by the next patch.
    private func hurry(_ id: WebhookID) async throws(TurngateError) {
        for _ in 0..<Self.hurryRounds {
            let values: [PostgresValue] = [.id(id), .int(hurryLanes)]
            guard try await database.query(WebhookStatements.hurry, values).affectedRows >= hurryLanes else { return }
        }
    }

    /// At once for whoever looks; what hangs on it is purged later.
    public func delete(_ id: WebhookID) async throws(TurngateError) {
        guard try await database.query(WebhookStatements.delete, [.id(id)]).affectedRows == 1 else {
            throw .notFound(.webhook)
        }
    }

    /// A secret from before the present one is no longer valid.
    public func rotateSecret(
        _ id: WebhookID, overlap: Duration?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> WebhookWithSecret {
        let secret = try newSecret()
        let values: [PostgresValue] = [
            .id(id), .text(secret), overlap.map { .int64($0.microseconds) } ?? .null, .uuid(claim?.id),
        ]
        let rotated = try await database.rows(WebhookStatements.rotate, values, Webhook.init(row:))
        return WebhookWithSecret(webhook: try Self.only(rotated), secret: secret)
    }

    /// Also of a webhook that is disabled: to see whether it would work.
    public func test(_ id: WebhookID) async throws(TurngateError) -> WebhookDelivery {
        try await tester.test(id)
    }

    /// By an index, whichever statuses are wanted.
    public func deliveries(_ id: WebhookID, _ query: DeliveryQuery) async throws(TurngateError) -> DeliveryPage {
        _ = try await webhook(id)
        let statuses = query.statuses.isEmpty ? WebhookDelivery.Status.allCases : Array(Set(query.statuses))
        let values: [PostgresValue] = [
            .id(id), .int(query.limit + 1), .uuid(query.before?.uuid), .textArray(statuses.map(\.rawValue)),
        ]
        let found = try await database.rows(WebhookStatements.deliveries, values, WebhookDelivery.init(row:))
        let page = Array(found.prefix(query.limit))
        return DeliveryPage(deliveries: page, next: found.count > page.count ? page.last?.id : nil)
    }
}

extension PostgresWebhookRegistry {
    private static func insertCommand(_ made: WebhookWithSecret, session: SessionID?) -> PostgresCommand {
        let (webhook, spec) = (made.webhook, made.webhook.spec)
        return PostgresCommand(
            WebhookStatements.insert,
            [
                .id(webhook.id), .uuid(session?.uuid), .text(spec.url), .textArray(spec.events.map(\.rawValue)),
                .text(spec.description), .text(made.secret), .time(webhook.createdAt),
            ])
    }

    /// Runs `commands`; what stands in the way is told in the caller's words.
    private func transaction(_ commands: [PostgresCommand]) async throws(TurngateError) -> [PostgresResult] {
        do {
            return try await database.pool.transaction(commands)
        } catch {
            throw Self.refusal(error)
        }
    }

    private static func refusal(_ error: PostgresError) -> TurngateError {
        switch error.constraintName {
        case "webhooks_session_id_fkey": .notFound(.session)
        case "webhooks_at_most_100": .conflict(.tooManyWebhooks(limit: serviceLimit))
        case "webhooks_at_most_5_of_a_session": .conflict(.tooManyWebhooks(limit: sessionLimit))
        default: PostgresSessionStore.refusal(error)
        }
    }

    private func newSecret() throws(TurngateError) -> String {
        do {
            return try makeSecret()
        } catch {
            throw .internalFailure("no secret for a webhook: \(error)")
        }
    }

    private static func only(_ webhooks: [Webhook]) throws(TurngateError) -> Webhook {
        guard let webhook = webhooks.first else { throw .notFound(.webhook) }
        return webhook
    }
}
