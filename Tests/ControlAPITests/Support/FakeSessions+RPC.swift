import Domain

/// What waits, and what was: the side of the users' systems.
struct FakeInvocations {
    var log: [RPCInvocationRecord] = []
    var pending: [LeasedInvocation] = []
    var answered: Set<InvocationID> = []

    /// Always the same, so that the same call has the same id.
    private struct NoChance: RandomNumberGenerator {
        func next() -> UInt64 { 7 }
    }

    private static func id(at time: Timestamp) -> InvocationID {
        var generator = NoChance()
        return InvocationID(at: time, using: &generator)
    }

    static let caller = PendingInvocation.Caller(identity: "alice", kind: .sip, attributes: ["tier": "gold"])

    /// A call that waits in `session`, `number` of them before it.
    static func pending(
        _ session: SessionID, _ payload: String, envelope: RPCEnvelope = .json, method: String = "get", number: Int = 0
    ) -> LeasedInvocation {
        let time = FakeSessions.start + .milliseconds(Int64(number))
        let invocation = PendingInvocation(
            id: id(at: time), sessionID: session, room: "support-42", method: method, caller: caller,
            payload: payload, envelope: envelope, receivedAt: time, deadline: time + .seconds(12))
        return LeasedInvocation(invocation: invocation, leaseExpiresAt: time + .seconds(5), attempt: 1)
    }

    static func line(_ session: SessionID, number: Int = 0) -> RPCInvocationRecord {
        let time = FakeSessions.start + .milliseconds(Int64(number))
        return RPCInvocationRecord(
            id: id(at: time), sessionID: session, direction: .in, method: "get", participant: "alice",
            handlerType: "queue", startedAt: time, duration: .microseconds(12_500), outcome: .answered,
            payload: "{}", response: #"{"success":true,"result":1}"#)
    }
}

extension FakeSessions {
    private static let mostDefaults = 50

    func defaultMethods() async throws(TurngateError) -> [RPCMethodSpec] {
        try perform(nil) { state in state.defaults.values.sorted { $0.name < $1.name } }
    }

    func addDefaultMethod(_ spec: RPCMethodSpec, claim: IdempotencyClaim?) async throws(TurngateError) {
        try perform(.addDefault(spec)) { state throws(TurngateError) in
            if BuiltinMethod(rawValue: spec.name) != nil { throw .conflict(.rpcMethodBuiltin(name: spec.name)) }
            if state.defaults[spec.name] != nil { throw .conflict(.rpcMethodTaken(name: spec.name)) }
            if state.defaults.count >= Self.mostDefaults { throw .conflict(.tooManyRPCMethods(limit: 50)) }
            state.defaults[spec.name] = spec
        }
    }

    func replaceDefaultMethod(_ spec: RPCMethodSpec) async throws(TurngateError) {
        try perform(.replaceDefault(spec)) { state throws(TurngateError) in
            if state.defaults.updateValue(spec, forKey: spec.name) == nil {
                state.defaults[spec.name] = nil
                throw .notFound(.rpcMethod)
            }
        }
    }

    func removeDefaultMethod(_ name: String) async throws(TurngateError) {
        try perform(.removeDefault(name)) { state throws(TurngateError) in
            if state.defaults.removeValue(forKey: name) == nil { throw .notFound(.rpcMethod) }
        }
    }

    func invocations(_ id: SessionID, _ query: InvocationQuery) async throws(TurngateError) -> InvocationPage {
        try perform(.invocations(query)) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            let all = state.invocations.log.sorted { $0.id > $1.id }.filter { line in
                line.sessionID == id && (query.method.map { $0 == line.method } ?? true)
                    && (query.participant.map { $0 == line.participant } ?? true)
                    && (query.direction.map { $0 == line.direction } ?? true)
                    && (query.outcomes.isEmpty || query.outcomes.contains(line.outcome))
                    && (query.before.map { line.id < $0 } ?? true)
            }
            let page = Array(all.prefix(query.limit))
            return InvocationPage(invocations: page, next: all.count > page.count ? page.last?.id : nil)
        }
    }

    func invocation(
        _ id: SessionID, _ invocation: InvocationID
    ) async throws(TurngateError) -> RPCInvocationRecord {
        try perform(nil) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            guard let line = state.invocations.log.first(where: { $0.id == invocation && $0.sessionID == id }) else {
                throw .notFound(.invocation)
            }
            return line
        }
    }

    func takeInvocations(
        _ id: SessionID, _ poll: InvocationPoll
    ) async throws(TurngateError) -> [LeasedInvocation] {
        try perform(.take(poll)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            let wanted = state.invocations.pending.filter { poll.method == nil || $0.invocation.method == poll.method }
            return Array(wanted.prefix(poll.limit))
        }
    }

    func answerInvocation(
        _ id: SessionID, _ invocation: InvocationID, with answer: InvocationAnswer
    ) async throws(TurngateError) {
        try perform(.answer(invocation, answer)) { state throws(TurngateError) in
            _ = try Self.working(id, state)
            guard state.invocations.pending.contains(where: { $0.invocation.id == invocation }) else {
                throw .notFound(.invocation)
            }
            guard state.invocations.answered.insert(invocation).inserted else {
                throw .conflict(.invocationOver(invocation))
            }
        }
    }
}
