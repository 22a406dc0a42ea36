import Domain
import Logging
import Synchronization

/// Holds the sessions of this process: makes them, finds them, ends them.
/// What it does not hold, it reads from the store. Looking a session up is a
/// lock and no hop, since every call of the API begins with it.
public final class SessionSupervisor: Sendable {
    private struct State {
        var live: [SessionID: LiveSession] = [:]
        /// Sessions on their way into the store, which count against the bounds,
        /// by who wants them.
        var beingMade: [String?: Int] = [:]
        var isShuttingDown = false

        var countBeingMade: Int { beingMade.values.reduce(0, +) }

        mutating func giveBackPlace(of maker: String?) {
            let left = beingMade[maker, default: 1] - 1
            beingMade[maker] = left > 0 ? left : nil
        }
    }

    let context: RuntimeContext
    private let state = Mutex(State())

    public init(context: RuntimeContext) { self.context = context }

    /// How many sessions this process holds, by status; for metrics.
    public var census: [SessionStatus: Int] {
        everySession.reduce(into: [:]) { $0[$1.snapshot.status, default: 0] += 1 }
    }

    /// A session that was only just made, and its webhooks with their secrets.
    struct Made {
        var session: LiveSession
        var webhooks: [WebhookWithSecret]
    }

    /// Makes a session and starts its agent, without waiting for it.
    func make(
        _ spec: SessionSpec, by maker: String?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> Made {
        if let taken = spec.rpcMethods.first(where: { BuiltinMethod(rawValue: $0.name) != nil }) {
            throw .conflict(.rpcMethodBuiltin(name: taken.name))
        }
        try reservePlace(for: maker)
        let entered: (session: Session, states: AgentStateMachine, webhooks: [WebhookWithSecret])
        do throws(TurngateError) {
            entered = try await enter(spec, by: maker, claim: claim)
        } catch {
            state.withLock { $0.giveBackPlace(of: maker) }
            throw error
        }
        return Made(session: await start(entered.session, entered.states), webhooks: entered.webhooks)
    }

    /// Writes a new session down.
    private func enter(
        _ spec: SessionSpec, by maker: String?, claim: IdempotencyClaim?
    ) async throws(TurngateError) -> (session: Session, states: AgentStateMachine, webhooks: [WebhookWithSecret]) {
        let whole = try await withDefaults(spec)
        let now = context.clock.now
        var session = Session(id: SessionID(at: now), spec: whole, createdAt: now)
        session.createdBy = maker
        let states = AgentStateMachine(sessionID: session.id, at: now)
        let webhooks = try webhooks(of: session)
        try await insert(session, first: states.current, webhooks: webhooks, claim: claim)
        return (session, states, webhooks)
    }

    /// The place that was kept for the session becomes its own in one step, so
    /// that it never counts twice.
    private func start(_ session: Session, _ states: AgentStateMachine) async -> LiveSession {
        let actor = LiveSession(session, states: states, context: context) { [weak self] in self?.forget($0) }
        let isShuttingDown = state.withLock { state in
            state.live[session.id] = actor
            state.giveBackPlace(of: session.createdBy)
            return state.isShuttingDown
        }
        await actor.begin()
        if isShuttingDown { await actor.requestEnd(SessionEnd(.shutdown)) }
        return actor
    }

    /// Adds the service's default methods; the session's own of the same name
    /// win.
    private func withDefaults(_ spec: SessionSpec) async throws(TurngateError) -> SessionSpec {
        let own = Set(spec.rpcMethods.map(\.name))
        var whole = spec
        whole.rpcMethods += try await context.store.defaultMethods().filter { !own.contains($0.name) }
        let limit = context.limits.methodsAtFirst
        guard whole.rpcMethods.count <= limit else { throw .conflict(.tooManyRPCMethods(limit: limit)) }
        return whole
    }

    private func webhooks(of session: Session) throws(TurngateError) -> [WebhookWithSecret] {
        try session.spec.webhooks.map { spec throws(TurngateError) in
            WebhookWithSecret(
                webhook: Webhook(
                    id: WebhookID(at: session.createdAt), spec: spec, sessionID: session.id,
                    createdAt: session.createdAt),
                secret: try context.makeWebhookSecret())
        }
    }

    /// When PostgreSQL does not answer, the row may be there all the same, and
    /// would keep its identity from everybody: the journal ends it then, and
    /// where there is no row, there is nothing to end.
    private func insert(
        _ session: Session, first: AgentStateTransition, webhooks: [WebhookWithSecret], claim: IdempotencyClaim?
    ) async throws(TurngateError) {
        do throws(TurngateError) {
            try await context.store.insert(
                session, first: first, webhooks: webhooks, owner: context.runtime, claim: claim)
        } catch {
            if case .conflict = error { throw error }
            writeOff(session.id, "its making could not be written down")
            throw error
        }
    }

    /// Of the sessions that the store says this process holds, writes off those
    /// that it does not: a torn write left them behind.
    public func writeOffUnheld(_ ids: [SessionID]) {
        for id in ids where liveSession(id) == nil {
            context.logger.warning("a session that nobody holds is written off", metadata: ["session": "\(id)"])
            writeOff(id, "nobody held it")
        }
    }

    /// Ends, in the store alone, a session that nobody holds.
    func writeOff(_ id: SessionID, _ why: String) {
        var session = Session(id: id, spec: SessionSpec(room: ""), createdAt: context.clock.now)
        session.status = .failed
        session.end = SessionEnd(.internalError, detail: why)
        session.endedAt = context.clock.now
        do throws(TurngateError) {
            _ = try context.journal.append([.session(SessionProgress(of: session))])
        } catch {
            // The watch finds it again.
            context.logger.warning(
                "a session was not written off", metadata: ["session": "\(id)", "error": "\(error)"])
        }
    }

    private func reservePlace(for maker: String?) throws(TurngateError) {
        try state.withLock { state throws(TurngateError) in
            guard !state.isShuttingDown else { throw .shuttingDown }
            guard state.live.count + state.countBeingMade < context.limits.sessions else {
                throw .overloaded("this process holds \(context.limits.sessions) sessions already")
            }
            if let maker, let limit = context.limits.sessionsPerKey, limit > 0 {
                // Those whose agent has left only wait to be written down.
                let live = state.live.values.count { $0.createdBy == maker && !$0.finished.isOpen }
                guard live + state.beingMade[maker, default: 0] < limit else {
                    throw .conflict(.tooManySessions(limit: limit))
                }
            }
            state.beingMade[maker, default: 0] += 1
        }
    }

    func liveSession(_ id: SessionID) -> LiveSession? { state.withLock { $0.live[id] } }

    private var everySession: [LiveSession] { state.withLock { Array($0.live.values) } }

    private func forget(_ id: SessionID) { state.withLock { $0.live[id] = nil } }

    /// Ends all sessions with `end` and refuses new ones; returns when all
    /// agents have left and their ends are with the journal, or after `bound`.
    /// Says how many had not.
    public func shutDown(_ end: SessionEnd, within bound: Duration) async -> Int {
        state.withLock { $0.isShuttingDown = true }
        let deadline = context.clock.uptime + bound
        // Those that are being made see the flag and end by themselves.
        while state.withLock({ $0.countBeingMade }) > 0, context.clock.uptime < deadline {
            do { try await context.clock.sleep(for: .milliseconds(20)) } catch { break }
        }
        let all = everySession
        for session in all { await session.requestEnd(end) }
        var remaining = 0
        for session in all {
            let isDone = await session.finished.wait(for: deadline - context.clock.uptime, on: context.clock)
            remaining += isDone ? 0 : 1
        }
        return remaining
    }

    /// PostgreSQL refuses `entries` for good: the sessions whose history they
    /// belong to cannot go on. To be called by the journal; does not wait.
    public func refused(_ entries: [JournalEntry]) {
        let sessions = Set(entries.compactMap { if case .transition(let row) = $0 { row.sessionID } else { nil } })
        for session in sessions.compactMap(liveSession) {
            Task { await session.rowsAreRefused() }
        }
    }

    /// Another process took this one for dead and ended its sessions in the
    /// store: their agents leave.
    public func abandonAll() async {
        for session in everySession {
            await session.conclude(.failed(SessionEnd(.runtimeLost, detail: "another process took this one for dead")))
        }
    }
}
