import Domain
import Synchronization
import TestSupport

/// A session store in memory whose absence a test can command; the real one
/// is tested with a real PostgreSQL in StoreTests.
final class ScriptedStore: SessionStore {
    private struct State {
        var isAway = false
        var losesInserts = false
        var sessions: [SessionID: Session] = [:]
        var methods: [SessionID: [String: RPCMethodReport]] = [:]
        var turns: [SessionID: [Turn]] = [:]
        var turnsGate: FakeGate?
        var insertGate: FakeGate?
        var updateGate: FakeGate?
        var defaults: [RPCMethodSpec] = []
        var claims: [SessionID: IdempotencyClaim] = [:]
        var webhooks: [SessionID: [WebhookWithSecret]] = [:]
        var invocations: [SessionID: [RPCInvocationRecord]] = [:]
        var texts: [SessionID: [UInt8]] = [:]
    }

    private let state = Mutex(State())

    func goAway(_ isAway: Bool) { state.withLock { $0.isAway = isAway } }
    /// From now on, nobody knows whether a new session was written.
    func loseInserts(_ loses: Bool) { state.withLock { $0.losesInserts = loses } }
    func put(_ session: Session) { state.withLock { $0.sessions[session.id] = session } }
    /// As if this session had been left in writing.
    func put(_ text: [UInt8], of id: SessionID) { state.withLock { $0.texts[id] = text } }
    /// As if the journal's rows of these turns had been written.
    func put(_ turns: [Turn], of id: SessionID) { state.withLock { $0.turns[id] = turns } }
    /// From now on, lists of turns, once read, wait for `gate`.
    func holdTurns(at gate: FakeGate?) { state.withLock { $0.turnsGate = gate } }
    /// From now on, new sessions wait for `gate` before they are written.
    func holdInserts(at gate: FakeGate?) { state.withLock { $0.insertGate = gate } }
    /// From now on, patches wait for `gate` before they are written.
    func holdUpdates(at gate: FakeGate?) { state.withLock { $0.updateGate = gate } }
    /// As if the journal's lines had been written.
    func put(_ records: [RPCInvocationRecord], of id: SessionID) { state.withLock { $0.invocations[id] = records } }
    func claim(of id: SessionID) -> IdempotencyClaim? { state.withLock { $0.claims[id] } }
    func webhooks(of id: SessionID) -> [WebhookWithSecret] { state.withLock { $0.webhooks[id] ?? [] } }
    func stored(_ id: SessionID) -> Session? { state.withLock { $0.sessions[id] } }
    func methodNames(_ id: SessionID) -> [String] { state.withLock { $0.methods[id]?.keys.sorted() ?? [] } }

    private func with<Value>(_ body: (inout State) throws(TurngateError) -> Value) throws(TurngateError) -> Value {
        try state.withLock { state throws(TurngateError) in
            guard !state.isAway else { throw .storeUnavailable(detail: "away") }
            return try body(&state)
        }
    }

    func insert(
        _ session: Session, first: AgentStateTransition, webhooks: [WebhookWithSecret], owner: RuntimeID,
        claim: IdempotencyClaim?
    ) async throws(TurngateError) {
        _ = await state.withLock { $0.insertGate }?.wait()
        try with { state throws(TurngateError) in
            if state.losesInserts { throw .storeUnavailable(detail: "lost") }
            let rival = state.sessions.values.first {
                !$0.status.isFinal && $0.spec.room == session.spec.room
                    && $0.spec.agent.identity == session.spec.agent.identity
            }
            if let rival {
                throw .conflict(
                    .identityTaken(room: session.spec.room, identity: session.spec.agent.identity, by: rival.id))
            }
            state.sessions[session.id] = session
            state.claims[session.id] = claim
            state.webhooks[session.id] = webhooks
        }
    }

    func session(_ id: SessionID) async throws(TurngateError) -> Session? {
        try with { state throws(TurngateError) in state.sessions[id] }
    }

    func text(of id: SessionID) async throws(TurngateError) -> [UInt8]? {
        try with { state throws(TurngateError) in state.texts[id] }
    }

    func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage {
        try with { state throws(TurngateError) in
            SessionPage(sessions: state.sessions.values.sorted { $0.id > $1.id }, next: nil)
        }
    }

    func update(_ session: Session) async throws(TurngateError) {
        _ = await state.withLock { $0.updateGate }?.wait()
        try with { state throws(TurngateError) in
            state.sessions[session.id]?.spec = session.spec
        }
    }

    func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec] {
        try with { state throws(TurngateError) in state.defaults.sorted { $0.name < $1.name } }
    }

    func insertDefaultMethod(
        _ spec: RPCMethodSpec, limit: Int, claim: IdempotencyClaim?
    ) async throws(TurngateError) {
        try with { state throws(TurngateError) in
            guard !state.defaults.contains(where: { $0.name == spec.name }) else {
                throw .conflict(.rpcMethodTaken(name: spec.name))
            }
            guard state.defaults.count < limit else { throw .conflict(.tooManyRPCMethods(limit: limit)) }
            state.defaults.append(spec)
        }
    }

    func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) -> Bool {
        try with { state throws(TurngateError) in
            guard let place = state.defaults.firstIndex(where: { $0.name == spec.name }) else { return false }
            state.defaults[place] = spec
            return true
        }
    }

    func deleteDefaultMethod(_ name: String) async throws(TurngateError) -> Bool {
        try with { state throws(TurngateError) in
            let count = state.defaults.count
            state.defaults.removeAll { $0.name == name }
            return state.defaults.count < count
        }
    }

    func invocations(_ id: SessionID, _ query: InvocationQuery) async throws(TurngateError) -> InvocationPage {
        try with { state throws(TurngateError) in
            InvocationPage(invocations: state.invocations[id] ?? [], next: nil)
        }
    }

    func invocation(
        _ id: SessionID, _ invocation: InvocationID
    ) async throws(TurngateError) -> RPCInvocationRecord? {
        try with { state throws(TurngateError) in state.invocations[id]?.first { $0.id == invocation } }
    }

    func insertMethod(_ id: SessionID, _ report: RPCMethodReport) async throws(TurngateError) {
        // Gives a second caller the chance to come in between.
        await Task.yield()
        try with { state throws(TurngateError) in
            state.methods[id, default: [:]][report.spec.name] = report
        }
    }

    func replaceMethod(_ id: SessionID, _ report: RPCMethodReport) async throws(TurngateError) -> Bool {
        try with { state throws(TurngateError) in
            state.methods[id, default: [:]].updateValue(report, forKey: report.spec.name) != nil
        }
    }

    func deleteMethod(_ id: SessionID, name: String) async throws(TurngateError) -> Bool {
        try with { state throws(TurngateError) in state.methods[id]?.removeValue(forKey: name) != nil }
    }

    func methods(_ id: SessionID) async throws(TurngateError) -> [RPCMethodReport] {
        try with { state throws(TurngateError) in
            (state.methods[id] ?? [:]).values.sorted { $0.spec.name < $1.spec.name }
        }
    }

    func notifications(_ id: SessionID, _ query: NotificationQuery) async throws(TurngateError) -> NotificationPage {
        try with { _ throws(TurngateError) in NotificationPage(receipts: [], next: nil) }
    }

    func notification(
        _ id: SessionID, _ notification: NotificationID
    ) async throws(TurngateError) -> NotificationReceipt? {
        try with { _ throws(TurngateError) in nil }
    }

    func turns(_ id: SessionID, _ query: TurnQuery) async throws(TurngateError) -> TurnPage {
        let (page, gate) = try with { state throws(TurngateError) in
            let older = (state.turns[id] ?? []).sorted { $0.id > $1.id }.filter { turn in
                (query.before.map { turn.id < $0 } ?? true) && (query.outcome.map { turn.outcome == $0 } ?? true)
            }
            let page = Array(older.prefix(query.limit))
            return (TurnPage(turns: page, next: older.count > page.count ? page.last?.id : nil), state.turnsGate)
        }
        _ = await gate?.wait()
        return page
    }

    func turn(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> Turn? {
        try with { state throws(TurngateError) in state.turns[id]?.first { $0.id == turn } }
    }

    func incidents(_ id: SessionID, _ query: IncidentQuery) async throws(TurngateError) -> IncidentPage {
        try with { _ throws(TurngateError) in IncidentPage(incidents: [], next: nil) }
    }
}
