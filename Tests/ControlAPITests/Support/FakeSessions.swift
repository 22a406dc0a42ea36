import Domain
import Synchronization

/// The port's edge in memory: keeps sessions as the contract says, remembers
/// what it was asked, and fails when it is told to.
final class FakeSessions: SessionControl {
    struct State {
        var sessions: [SessionID: Session] = [:]
        var methods: [SessionID: [String: RPCMethodReport]] = [:]
        var receipts: [SessionID: [NotificationReceipt]] = [:]
        var failure: TurngateError?
        var nextStatus = SessionStatus.active
        var endStatus = SessionStatus.ended
        var durable = true
        var calls: [Call] = []
        var lines: [RecipientReceipt]?
        var created: Int64 = 0
        var turns: [SessionID: [Turn]] = [:]
        var queue: [String] = []
        var refusal: TurnRefusal?
        var turnAudio: [TurnID: TurnAudio] = [:]
        var readers: [FakeReader] = []
        /// Whether streams end as soon as they have begun.
        var nobodySpeaks = false
        var speech: FakeSpeech = FakeSpeech()
        var incidents: [Incident] = []
        var defaults: [String: RPCMethodSpec] = [:]
        var invocations = FakeInvocations()
        /// The claims that sessions were made under, in their order.
        var claims: [IdempotencyClaim?] = []
    }

    enum Call: Equatable {
        case create(SessionSpec, actor: String?, wait: Duration)
        case list(SessionQuery)
        case update(SessionPatch, actor: String?)
        case end(actor: String?)
        case setState(AgentState, reason: String?, actor: String?)
        case register(RPCMethodSpec)
        case replace(RPCMethodSpec)
        case unregister(String)
        case call(RPCCallRequest)
        case notify(NotificationRequest, wait: Duration)
        case notifications(NotificationQuery)
        case startTurn(TurnRequest, actor: String?)
        case endTurn(TurnReference, actor: String?)
        case cancelTurn(TurnReference, actor: String?)
        case turns(TurnQuery)
        case setAudioInput(AudioInputChange, actor: String?)
        case readAudio(participant: String?)
        case speak(interrupt: Bool, wait: Duration, actor: String?)
        case interrupt(actor: String?)
        case incidents(IncidentQuery)
        case addDefault(RPCMethodSpec)
        case replaceDefault(RPCMethodSpec)
        case removeDefault(String)
        case invocations(InvocationQuery)
        case take(InvocationPoll)
        case answer(InvocationID, InvocationAnswer)
    }

    static let start = Timestamp(microseconds: 1_795_343_467_123_456)
    private let state = Mutex(State())

    var lastCall: Call? { state.withLock { $0.calls.last } }

    var callCount: Int { state.withLock { $0.calls.count } }
    var claims: [IdempotencyClaim?] { state.withLock { $0.claims } }

    func configure(_ change: (inout State) -> Void) { state.withLock { change(&$0) } }

    func perform<Value: Sendable>(
        _ call: Call?, _ body: (inout State) throws(TurngateError) -> Value
    ) throws(TurngateError) -> Value {
        let result: Result<Value, TurngateError> = state.withLock { state in
            if let call { state.calls.append(call) }
            if let failure = state.failure { return .failure(failure) }
            do throws(TurngateError) { return .success(try body(&state)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    static func find(_ id: SessionID, _ state: State) throws(TurngateError) -> Session {
        guard let session = state.sessions[id] else { throw .notFound(.session) }
        return session
    }

    static func working(_ id: SessionID, _ state: State) throws(TurngateError) -> Session {
        let session = try find(id, state)
        guard session.status.isWorking else { throw .conflict(.sessionNotWorking(id, status: session.status)) }
        return session
    }

    func create(
        _ spec: SessionSpec, actor: String?, claim: IdempotencyClaim?, wait: Duration
    ) async throws(TurngateError) -> Session {
        try perform(.create(spec, actor: actor, wait: wait)) { state throws(TurngateError) in
            let same = state.sessions.values.first {
                !$0.status.isFinal && $0.spec.room == spec.room && $0.spec.agent.identity == spec.agent.identity
            }
            if let same {
                throw .conflict(.identityTaken(room: spec.room, identity: spec.agent.identity, by: same.id))
            }
            if let taken = spec.rpcMethods.first(where: { BuiltinMethod(rawValue: $0.name) != nil }) {
                throw .conflict(.rpcMethodBuiltin(name: taken.name))
            }
            state.created += 1
            state.claims.append(claim)
            let time = Self.start + .milliseconds(state.created)
            var session = Session(id: SessionID(at: time), spec: spec, createdAt: time)
            session.status = state.nextStatus
            if session.status == .active {
                session.activatedAt = time
                session.agentSid = "PA_agent"
                session.roomSid = "RM_room"
                session.agentState = .listening
                session.participants = [
                    RoomParticipant(
                        identity: "alice", sid: "PA_alice", name: "Alice",
                        audio: [AudioPublication(trackSid: "TR_1", name: "mic", muted: true)]),
                    RoomParticipant(identity: "bob", sid: "PA_bob", kind: .sip),
                ]
                session.audioInput = AudioInput(enabled: true, reason: .policy, since: time)
                session.gates = [
                    ParticipantGate(identity: "alice", isOpen: false, reason: .noTurn),
                    ParticipantGate(identity: "bob", isOpen: false, reason: .unavailable),
                ]
            }
            state.sessions[session.id] = session
            state.methods[session.id] = Dictionary(
                spec.rpcMethods.map { ($0.name, RPCMethodReport(spec: $0, builtin: false, registeredAt: time)) }
            ) { first, _ in first }
            // Secrets are for the one who makes it; the session that is kept has none.
            session.newWebhooks = spec.webhooks.enumerated().map { index, spec in
                let webhook = Webhook(
                    id: WebhookID(at: time), spec: spec, sessionID: session.id, createdAt: time)
                return WebhookWithSecret(webhook: webhook, secret: FakeWebhooks.secret(index))
            }
            return session
        }
    }

    func session(_ id: SessionID) async throws(TurngateError) -> Session {
        try perform(nil) { state throws(TurngateError) in try Self.find(id, state) }
    }

    /// Those that are over it would have to look up.
    func liveSnapshot(_ id: SessionID) -> SessionSnapshot? {
        state.withLock { state in
            guard state.failure == nil, let session = state.sessions[id], !session.status.isFinal else { return nil }
            return SessionSnapshot(session)
        }
    }

    func shown(_ id: SessionID) async throws(TurngateError) -> ShownSession {
        .standing(SessionSnapshot(try await session(id)))
    }

    func sessions(_ query: SessionQuery) async throws(TurngateError) -> SessionPage {
        try perform(.list(query)) { state throws(TurngateError) in
            let all = state.sessions.values.sorted { $0.id.description > $1.id.description }.filter { session in
                (query.statuses.isEmpty || query.statuses.contains(session.status))
                    && (query.room == nil || query.room == session.spec.room)
                    && query.labels.allSatisfy { session.spec.labels[$0.key] == $0.value }
                    && (query.before.map { session.id.description < $0.description } ?? true)
            }
            let page = Array(all.prefix(query.limit))
            return SessionPage(sessions: page, next: all.count > page.count ? page.last?.id : nil)
        }
    }

    func update(_ id: SessionID, with patch: SessionPatch, actor: String?) async throws(TurngateError) -> Session {
        try perform(.update(patch, actor: actor)) { state throws(TurngateError) in
            var session = try Self.find(id, state)
            if session.status.isFinal { throw .conflict(.sessionNotWorking(id, status: session.status)) }
            if let policy = patch.turnPolicy { session.spec.turnPolicy = session.spec.turnPolicy.merging(policy) }
            session.spec.labels = patch.labels ?? session.spec.labels
            session.spec.metadata = patch.metadata ?? session.spec.metadata
            state.sessions[id] = session
            return session
        }
    }

    func end(_ id: SessionID, actor: String?) async throws(TurngateError) -> Session {
        try perform(.end(actor: actor)) { state throws(TurngateError) in
            var session = try Self.find(id, state)
            if session.status.isFinal { return session }
            session.status = state.endStatus
            session.end = SessionEnd(.deleted)
            if session.status.isFinal { session.endedAt = Self.start + .seconds(60) }
            session.participants = []
            state.sessions[id] = session
            return session
        }
    }

    func setAgentState(
        _ id: SessionID, to next: AgentState, reason: String?, actor: String?
    ) async throws(TurngateError) -> AgentStateChange {
        try perform(.setState(next, reason: reason, actor: actor)) { state throws(TurngateError) in
            var session = try Self.working(id, state)
            if next == .initializing { throw .conflict(.illegalStateStep(from: session.agentState, to: next)) }
            let changed = session.agentState != next
            if changed { session.agentStateSeq += 1 }
            let row = AgentStateTransition(
                sessionID: id, seq: session.agentStateSeq, oldState: session.agentState, newState: next,
                at: Self.start, cause: .api, actor: actor, reason: reason)
            session.agentState = next
            state.sessions[id] = session
            return AgentStateChange(
                transition: row, room: session.spec.room, changed: changed, durable: state.durable)
        }
    }

    private func put(_ id: SessionID, _ spec: RPCMethodSpec, _ state: inout State) -> RPCMethodReport {
        var report = RPCMethodReport(spec: spec, builtin: false, registeredAt: Self.start)
        report.usage.record(latency: .milliseconds(3), failed: true, at: Self.start)
        state.methods[id, default: [:]][spec.name] = report
        return report
    }

    func registerMethod(_ id: SessionID, _ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport {
        try perform(.register(spec)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            if BuiltinMethod(rawValue: spec.name) != nil { throw .conflict(.rpcMethodBuiltin(name: spec.name)) }
            if state.methods[id]?[spec.name] != nil { throw .conflict(.rpcMethodTaken(name: spec.name)) }
            return put(id, spec, &state)
        }
    }

    func replaceMethod(_ id: SessionID, _ spec: RPCMethodSpec) async throws(TurngateError) -> RPCMethodReport {
        try perform(.replace(spec)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            if state.methods[id]?[spec.name] == nil { throw .notFound(.rpcMethod) }
            return put(id, spec, &state)
        }
    }

    func unregisterMethod(_ id: SessionID, name: String) async throws(TurngateError) {
        try perform(.unregister(name)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            if state.methods[id]?.removeValue(forKey: name) == nil { throw .notFound(.rpcMethod) }
        }
    }

    func methods(_ id: SessionID) async throws(TurngateError) -> [RPCMethodReport] {
        try perform(nil) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            let builtin = RPCMethodReport(
                spec: RPCMethodSpec.builtins[0], builtin: true, registeredAt: Self.start)
            return ((state.methods[id] ?? [:]).values + [builtin]).sorted { $0.spec.name < $1.spec.name }
        }
    }

    static let lines = [
        RecipientReceipt(identity: "alice", outcome: .acknowledged, response: "ok", latency: .microseconds(11_400)),
        RecipientReceipt(
            identity: "bob", outcome: .unsupported, error: RPCError(.unsupportedMethod), latency: .microseconds(9800)),
        RecipientReceipt(
            identity: "eve", outcome: .failed, error: RPCError(code: 7, message: "no", data: "{}"),
            latency: .milliseconds(1)),
    ]

    func call(_ id: SessionID, _ request: RPCCallRequest) async throws(TurngateError) -> [RecipientReceipt] {
        try perform(.call(request)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            return state.lines ?? Self.lines
        }
    }

    func notify(
        _ id: SessionID, _ request: NotificationRequest, wait: Duration
    ) async throws(TurngateError) -> NotificationReceipt {
        try perform(.notify(request, wait: wait)) { state throws(TurngateError) in
            let session = try Self.working(id, state)
            let lines = state.lines ?? Self.lines
            let isComplete = !lines.contains { $0.outcome == .pending }
            let count = Int64(state.receipts[id]?.count ?? 0)
            let receipt = NotificationReceipt(
                id: NotificationID(at: Self.start + .milliseconds(count)), sessionID: id,
                method: request.method ?? session.spec.turnPolicy.notification.method, trigger: .api, agentStateSeq: 7,
                createdAt: Self.start, completedAt: isComplete ? Self.start : nil, recipients: lines)
            state.receipts[id, default: []].append(receipt)
            return receipt
        }
    }

    func notifications(_ id: SessionID, _ query: NotificationQuery) async throws(TurngateError) -> NotificationPage {
        try perform(.notifications(query)) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            let all = (state.receipts[id] ?? []).sorted { $0.id.description > $1.id.description }
                .filter { receipt in query.before.map { receipt.id.description < $0.description } ?? true }
            let page = Array(all.prefix(query.limit))
            return NotificationPage(receipts: page, next: all.count > page.count ? page.last?.id : nil)
        }
    }

    func notification(
        _ id: SessionID, _ notification: NotificationID
    ) async throws(TurngateError) -> NotificationReceipt {
        try perform(nil) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            guard let receipt = state.receipts[id]?.first(where: { $0.id == notification }) else {
                throw .notFound(.turnNotification)
            }
            return receipt
        }
    }
}
