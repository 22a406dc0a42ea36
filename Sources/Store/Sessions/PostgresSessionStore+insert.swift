import Domain
import Foundation
import Postgres

extension PostgresSessionStore {
    /// How often a new session is tried: again when the reply was lost, and
    /// when the session that stood in the way has ended meanwhile.
    private static let insertAttempts = 2

    /// One statement. `owner` must be on the register (`RuntimeRegistry.enter`):
    /// no session is live that nobody holds. After a lost reply it is tried
    /// once more; after `storeUnavailable` the session may still be there.
    public func insert(
        _ session: Session, first: AgentStateTransition, owner: RuntimeID
    ) async throws(TurngateError) {
        let values = try Self.values(of: session, first, owner)
        var failure = TurngateError.internalFailure("a session could not be inserted")
        for _ in 0..<Self.insertAttempts {
            do {
                _ = try await database.pool.query(SessionStatements.insert, values)
                metrics?.count(first, after: nil)
                return
            } catch {
                failure = try await standing(error, inTheWayOf: session)
            }
        }
        throw failure
    }

    /// What `error` means for the insert: returns when it is worth another
    /// try, throws when it is not.
    private func standing(
        _ error: PostgresError, inTheWayOf session: Session
    ) async throws(TurngateError) -> TurngateError {
        if error.isConnectionProblem, error.wasSent { return TurngateError(error) }
        guard error.isUniqueViolation, error.constraintName == "sessions_live_identity_key" else {
            throw Self.refusal(error)
        }
        let (room, identity) = (session.spec.room, session.spec.agent.identity)
        let holders = try await database.rows(
            SessionStatements.holder, [.text(room), .text(identity)]
        ) { (row) throws(PostgresError) in try row.id("id", of: SessionKind.self) }
        if let holder = holders.first {
            throw .conflict(.identityTaken(room: room, identity: identity, by: holder))
        }
        return .storeUnavailable(detail: "the room's agents change too fast")
    }

    private static func values(
        of session: Session, _ first: AgentStateTransition, _ owner: RuntimeID
    ) throws(TurngateError) -> [PostgresValue] {
        let spec = session.spec
        let handlers = spec.rpcMethods.map { StoredHandler($0.handler) }
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
        ]
        let methods: [PostgresValue] = [
            .textArray(spec.rpcMethods.map(\.name)), .textArray(spec.rpcMethods.map(\.description)),
            .textArray(handlers.map(\.type)), .textArray(handlers.map(\.response)),
        ]
        let transition: [PostgresValue] = [
            .int64(first.seq), .time(first.at), .text(first.oldState?.rawValue), .text(first.newState.rawValue),
            .text(first.cause.rawValue), .text(first.actor), .text(first.reason), .uuid(first.turnID?.uuid),
        ]
        return profile + life + methods + transition
    }
}
