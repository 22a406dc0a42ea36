import Domain
import Foundation
import Logging
import Postgres
import Synchronization

/// `IdempotencyLog` in PostgreSQL, shared by all processes. A claim belongs to
/// the process's entry on the register of runtimes: when that is gone, another
/// process may take the call over.
public final class PostgresIdempotencyLog: IdempotencyLog {
    /// How long a key is kept.
    public static let lifetime = Duration.seconds(24 * 3600)
    /// How many keys one purge removes at most.
    public static let purgeBatch = 1000

    let database: Database
    let clock: any TurngateClock
    let logger: Logger
    let table: Mutex<ClaimTable>
    private let runtime: RuntimeID
    private let settleTimeout: Duration

    /// Reads and writes through `pool` for the process `runtime`, which has to
    /// be on the register before its first claim.
    ///
    /// - Parameters:
    ///   - settleTimeout: how long a caller waits for its answer to be written
    ///     down; then it is answered, and the answer is written in the background.
    ///   - unwrittenBytes: the most that waits in memory to be written.
    public init(
        pool: PostgresPool, runtime: RuntimeID, clock: any TurngateClock, logger: Logger,
        settleTimeout: Duration = .seconds(2), unwrittenBytes: Int = 32 << 20
    ) {
        database = Database(pool: pool)
        self.runtime = runtime
        self.clock = clock
        self.logger = logger
        self.settleTimeout = settleTimeout
        table = Mutex(ClaimTable(byteLimit: unwrittenBytes))
    }

    /// One statement, or none where this process knows the answer. Throws
    /// `storeUnavailable` when PostgreSQL is away; what was claimed without our
    /// hearing of it is given back then.
    public func claim(_ request: IdempotencyRequest) async throws(TurngateError) -> IdempotencyOutcome {
        if let known = table.withLock({ $0.outcome(of: request) }) { return known }
        let claim = IdempotencyClaim(id: UUID())
        let outcome: IdempotencyOutcome?
        do {
            outcome = try await database.pool.query(IdempotencyStatements.claim, values(of: request, claim)).first
                .map { (row) throws(PostgresError) in try IdempotencyOutcome(row: row, for: claim) }
        } catch {
            if error.wasSent { keep(claim, .releaseIfThere, for: Self.lifetime) }
            throw TurngateError(error)
        }
        guard let outcome else { throw .internalFailure("a claim without an outcome") }
        switch outcome {
        case .claimed, .made: table.withLock { $0.begin(claim, request) }
        case .running, .mismatch, .replied: break
        }
        return outcome
    }

    private func values(of request: IdempotencyRequest, _ claim: IdempotencyClaim) -> [PostgresValue] {
        [
            .text(request.caller), .text(request.key), .bytes(request.fingerprint), .uuid(claim.id),
            .uuid(runtime.uuid), .int64(Self.lifetime.microseconds),
        ]
    }

    /// Waits for PostgreSQL for a moment only; see `IdempotencyLog`.
    public func complete(_ claim: IdempotencyClaim, with reply: StoredReply) async throws(TurngateError) {
        try await settle(claim, .reply(reply, headers: try .encoded(reply.headers)))
    }

    /// Waits for PostgreSQL for a moment only; see `IdempotencyLog`.
    public func release(_ claim: IdempotencyClaim) async throws(TurngateError) {
        try await settle(claim, .release)
    }

    private func settle(_ claim: IdempotencyClaim, _ kind: UnwrittenSettlement.Kind) async throws(TurngateError) {
        do {
            _ = try await write(claim, kind, timeout: settleTimeout)
        } catch {
            if error.isAbsence { return keep(claim, kind, for: Self.lifetime) }
            table.withLock { $0.forget(claim) }
            throw TurngateError(error)
        }
        table.withLock { $0.forget(claim) }
    }

    /// How many rows it found.
    func write(
        _ claim: IdempotencyClaim, _ kind: UnwrittenSettlement.Kind, timeout: Duration?
    ) async throws(PostgresError) -> Int {
        let id = PostgresValue.uuid(claim.id)
        var commands = [IdempotencyStatements.forget, IdempotencyStatements.abandon].map { PostgresCommand($0, [id]) }
        if case .reply(let reply, let headers) = kind {
            let complete = PostgresCommand(
                IdempotencyStatements.complete,
                [id, .int(reply.status), headers, .bytes(reply.body)])
            // What is not kept is given back.
            commands = reply.status < 500 ? [complete] : [complete, commands[0]]
        }
        return try await database.pool.transaction(commands, timeout: timeout).reduce(0) { $0 + $1.affectedRows }
    }
}

extension PostgresIdempotencyLog {
    /// Ties `claim` to the session that the transaction around it makes: the
    /// transaction fails, with a conflict that the store calls
    /// `storeUnavailable`, when the claim is another process's by now. Running
    /// it again does no harm.
    public static func bindCommand(claim: IdempotencyClaim, session: SessionID) -> PostgresCommand {
        PostgresCommand(IdempotencyStatements.bind, [.uuid(claim.id), .text("session"), .uuid(session.uuid)])
    }

    /// The same for a webhook.
    public static func bindCommand(claim: IdempotencyClaim, webhook: WebhookID) -> PostgresCommand {
        PostgresCommand(IdempotencyStatements.bind, [.uuid(claim.id), .text("webhook"), .uuid(webhook.uuid)])
    }

    /// Removes keys that are older than `lifetime`, at most `purgeBatch` of them,
    /// and returns how many; as many as that: there may be more.
    public func purge(olderThan age: Duration = lifetime) async throws(TurngateError) -> Int {
        let values: [PostgresValue] = [.int64(age.microseconds), .int(Self.purgeBatch)]
        return try await database.query(IdempotencyStatements.purge, values).affectedRows
    }
}
