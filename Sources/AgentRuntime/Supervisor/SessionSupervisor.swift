import Domain
import Logging

/// Holds the sessions of this process: makes them, finds them, ends them.
/// What it does not hold, it reads from the store.
public actor SessionSupervisor {
    let context: RuntimeContext
    private var live: [SessionID: LiveSession] = [:]
    /// Sessions on their way into the store, which count against the bound.
    private var beingMade = 0
    private var isShuttingDown = false

    public init(context: RuntimeContext) { self.context = context }

    /// How many sessions this process holds, by status; for metrics.
    public var census: [SessionStatus: Int] {
        live.values.reduce(into: [:]) { $0[$1.snapshot.status, default: 0] += 1 }
    }

    /// Makes a session and starts its agent, without waiting for it.
    func make(_ spec: SessionSpec) async throws(TurngateError) -> LiveSession {
        guard !isShuttingDown else { throw .shuttingDown }
        guard live.count + beingMade < context.limits.sessions else {
            throw .overloaded("this process holds \(context.limits.sessions) sessions already")
        }
        beingMade += 1
        defer { beingMade -= 1 }
        let now = context.clock.now
        let session = Session(id: SessionID(at: now), spec: spec, createdAt: now)
        let states = AgentStateMachine(sessionID: session.id, at: now)
        try await context.store.insert(session, first: states.current, owner: context.runtime)
        let actor = LiveSession(session, states: states, context: context) { [weak self] in await self?.forget($0) }
        live[session.id] = actor
        await actor.begin()
        if isShuttingDown { await actor.requestEnd(SessionEnd(.shutdown)) }
        return actor
    }

    func liveSession(_ id: SessionID) -> LiveSession? { live[id] }

    private func forget(_ id: SessionID) { live[id] = nil }

    /// Ends all sessions with `end` and refuses new ones; returns when all
    /// agents have left and their ends are with the journal, or after `bound`.
    /// Says how many had not.
    public func shutDown(_ end: SessionEnd, within bound: Duration) async -> Int {
        isShuttingDown = true
        let all = Array(live.values)
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
        for session in live.values {
            await session.conclude(.failed(SessionEnd(.runtimeLost, detail: "another process took this one for dead")))
        }
    }
}
