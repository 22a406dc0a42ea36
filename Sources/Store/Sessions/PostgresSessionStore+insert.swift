import Domain
import Foundation
import Postgres

extension PostgresSessionStore {
    /// How often a new session is tried: again when the reply was lost, and
    /// when the session that stood in the way has ended meanwhile.
    private static let insertAttempts = 2

    /// One transaction. `owner` must be on the register (`RuntimeRegistry.enter`):
    /// no session is live that nobody holds; otherwise `storeUnavailable`. After
    /// a lost reply it is tried once more, within the same bound. After
    /// `storeUnavailable`, which a cancellation gives too, the session may still
    /// be there, or come to be there; after every other error it is not.
    public func insert(
        _ session: Session, first: AgentStateTransition, webhooks: [WebhookWithSecret], owner: RuntimeID,
        claim: IdempotencyClaim?
    ) async throws(TurngateError) {
        let commands = try commands(session, first: first, webhooks: webhooks, owner: owner, claim: claim)
        let deadline = ContinuousClock.now + insertTimeout
        var attempts = 0
        while true {
            attempts += 1
            do {
                _ = try await database.pool.transaction(commands, timeout: deadline - ContinuousClock.now)
                metrics?.count(first, after: nil)
                return onEvents()
            } catch {
                let failure = try await standing(error, inTheWayOf: session, deadline)
                if attempts == Self.insertAttempts || ContinuousClock.now >= deadline { throw failure }
            }
        }
    }

    /// The transaction; each part finds what it would write when it is run again.
    private func commands(
        _ session: Session, first: AgentStateTransition, webhooks: [WebhookWithSecret], owner: RuntimeID,
        claim: IdempotencyClaim?
    ) throws(TurngateError) -> [PostgresCommand] {
        var commands = [PostgresCommand(SessionStatements.insert, try Self.values(of: session, first, owner))]
        // They hear of the session from its first event on.
        commands += PostgresWebhookRegistry.insertCommands(webhooks: webhooks, session: session.id)
        if let claim { commands.append(PostgresIdempotencyLog.bindCommand(claim: claim, session: session.id)) }
        let news: [SessionNews] = [.created(session), .entry(.transition(first))]
        let rows = news.flatMap { EventRow.rows(of: $0, about: session.id, as: events) }
        commands.append(PostgresCommand(EventStatements.begin, EventRow.values(rows) + [.id(session.id)]))
        return commands
    }

    /// What `error` means for the insert: returns when it is worth another
    /// try, throws when it is not.
    private func standing(
        _ error: PostgresError, inTheWayOf session: Session, _ deadline: ContinuousClock.Instant
    ) async throws(TurngateError) -> TurngateError {
        if error.isConnectionProblem, error.wasSent { return TurngateError(error) }
        if error.isForeignKeyViolation, error.constraintName == "sessions_runtime_id_fkey" {
            throw .storeUnavailable(detail: "this process is not on the register of runtimes")
        }
        guard error.isUniqueViolation, error.constraintName == "sessions_live_identity_key" else {
            throw Self.refusal(error)
        }
        let (room, identity) = (session.spec.room, session.spec.agent.identity)
        let holders = try await database.rows(
            SessionStatements.holder, [.text(room), .text(identity)], timeout: deadline - ContinuousClock.now
        ) { (row) throws(PostgresError) in try row.id("id", of: SessionKind.self) }
        // An attempt whose reply was lost may just have got this one in.
        if let holder = holders.first, holder != session.id {
            throw .conflict(.identityTaken(room: room, identity: identity, by: holder))
        }
        return .storeUnavailable(detail: "the room's agents change too fast")
    }

    private static func values(
        of session: Session, _ first: AgentStateTransition, _ owner: RuntimeID
    ) throws(TurngateError) -> [PostgresValue] {
        let spec = session.spec
        let profile: [PostgresValue] = [
            .id(session.id), .uuid(owner.uuid), .text(spec.room), .text(session.roomSid),
            .text(session.status.rawValue), .text(spec.agent.identity), .text(spec.agent.name),
            .text(spec.agent.metadata), try .encoded(spec.agent.attributes), .text(session.agentSid),
            try .encoded(spec.turnPolicy), try .encoded(spec.labels), .json([UInt8](spec.metadata.utf8)),
            .milliseconds(spec.maxDuration), .milliseconds(spec.emptyTimeout),
        ]
        let life: [PostgresValue] = [
            .time(session.createdAt), .time(session.activatedAt), .time(session.endedAt),
            .text(session.end?.reason.rawValue), .text(session.end?.detail),
            .text(session.createdBy?.storable(bytes: 1024)),
        ]
        let transition: [PostgresValue] = [
            .int64(first.seq), .time(first.at), .text(first.oldState?.rawValue), .text(first.newState.rawValue),
            .text(first.cause.rawValue), .text(first.actor), .text(first.reason), .uuid(first.turnID?.uuid),
        ]
        return profile + life + (try methods(of: spec)) + transition
    }

    /// The session's own methods in their order, and Turngate's.
    private static func methods(of spec: SessionSpec) throws(TurngateError) -> [PostgresValue] {
        let methods = (spec.rpcMethods + RPCMethodSpec.builtins).map(StoredMethod.init)
        var documents: [(handler: [UInt8]?, callers: [UInt8]?)] = []
        for method in methods { documents.append(try method.documents()) }
        return [
            .textArray(methods.map(\.name)), .textArray(methods.map(\.description)), .textArray(methods.map(\.type)),
            .textArray(methods.map(\.response)), .jsonArray(documents.map(\.handler)),
            .jsonArray(documents.map(\.callers)), .boolArray(methods.map(\.keeps)),
            .boolArray(methods.map(\.builtin)),
        ]
    }
}
