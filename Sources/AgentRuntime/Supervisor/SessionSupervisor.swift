import Domain
import Logging
import Synchronization

/// Holds the sessions of this process: makes them, finds them, ends them.
/// What it does not hold, it reads from the store. Looking a session up is a
/// lock and no hop, since every call of the API begins with it.
public final class SessionSupervisor: Sendable {
    private struct State {
        var live: [SessionID: LiveSession] = [:]
        /// Sessions on their way into the store, which count against the bound.
        var beingMade = 0
        var isShuttingDown = false
    }

    let context: RuntimeContext
    private let state = Mutex(State())

    public init(context: RuntimeContext) { self.context = context }

    /// How many sessions this process holds, by status; for metrics.
    public var census: [SessionStatus: Int] {
        everySession.reduce(into: [:]) { $0[$1.snapshot.status, default: 0] += 1 }
    }

    /// Makes a session and starts its agent, without waiting for it.
    func make(_ spec: SessionSpec) async throws(TurngateError) -> LiveSession {
        try reservePlace()
        defer { state.withLock { $0.beingMade -= 1 } }
        let now = context.clock.now
        let session = Session(id: SessionID(at: now), spec: spec, createdAt: now)
        let states = AgentStateMachine(sessionID: session.id, at: now)
        try await context.store.insert(session, first: states.current, owner: context.runtime)
        let actor = LiveSession(session, states: states, context: context) { [weak self] in self?.forget($0) }
        let isShuttingDown = state.withLock { state in
            state.live[session.id] = actor
            return state.isShuttingDown
        }
        await actor.begin()
        if isShuttingDown { await actor.requestEnd(SessionEnd(.shutdown)) }
        return actor
    }

    private func reservePlace() throws(TurngateError) {
        try state.withLock { state throws(TurngateError) in
            guard !state.isShuttingDown else { throw .shuttingDown }
            guard state.live.count + state.beingMade < context.limits.sessions else {
                throw .overloaded("this process holds \(context.limits.sessions) sessions already")
            }
            state.beingMade += 1
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
        let all = everySession
        let deadline = context.clock.uptime + bound
        for session in all { await session.requestEnd(end) }
        var remaining = 0
        for session in all {
            let isDone = await session.finished.wait(for: deadline - context.clock.uptime, on: context.clock)
            remaining += isDone ? 0 : 1
        }
        return remaining
    }

    /// Another process took this one for dead and ended its sessions in the
    /// store: their agents leave.
    public func abandonAll() async {
        for session in everySession {
            await session.conclude(.failed(SessionEnd(.runtimeLost, detail: "another process took this one for dead")))
        }
    }
}
