import Domain

/// A call to one of the agent's methods under way; lives on its session's
/// actor.
final class InvocationRun {
    let id: InvocationID
    let invocation: RPCInvocation
    /// The method as it was when the call came; nil: there was none. What is
    /// done to the method meanwhile is for the calls after this one.
    let method: RPCMethodSpec?
    let caller: PendingInvocation.Caller
    let startedAt: Timestamp
    let arrived: Duration
    /// The answer belongs to the connection that the call came by.
    let origin: (any RoomConnection)?
    /// What comes of the call belongs to a trace of its own.
    let trace = TraceContext.start()
    /// Who works on its answer, and its deadline.
    var tasks: [Task<Void, Never>] = []

    init(
        _ invocation: RPCInvocation, to method: RPCMethodSpec?, by caller: PendingInvocation.Caller,
        over origin: (any RoomConnection)?, clock: any TurngateClock
    ) {
        startedAt = clock.now
        arrived = clock.uptime
        id = InvocationID(at: startedAt)
        self.invocation = invocation
        self.method = method
        self.caller = caller
        self.origin = origin
    }

    /// How long an answer may take that needs `handlerTimeout`: the caller waits
    /// no longer than it said, and the answer has a way to go.
    func timeout(within handlerTimeout: Duration) -> Duration {
        let patience = invocation.responseTimeout
        return min(handlerTimeout, max(patience - Self.wayBack, patience / 2))
    }

    private static let wayBack = Duration.milliseconds(200)

    /// The call as a users' system gets it.
    func pending(
        in session: Session, envelope: RPCEnvelope, timeout: Duration
    ) -> PendingInvocation {
        PendingInvocation(
            id: id, sessionID: session.id, room: session.spec.room, method: invocation.method, caller: caller,
            payload: invocation.payload, envelope: envelope, receivedAt: startedAt, deadline: startedAt + timeout)
    }

    /// The line of the log that the call becomes.
    func record(
        _ result: Result<String, RPCError>, as outcome: RPCInvocationRecord.Outcome, in session: SessionID,
        after duration: Duration
    ) -> RPCInvocationRecord {
        let keepsPayloads = method?.keepsPayloads ?? false
        return RPCInvocationRecord(
            id: id, sessionID: session, direction: .in, method: invocation.method, participant: invocation.caller,
            handlerType: method?.handler.typeName, startedAt: startedAt, duration: duration, outcome: outcome,
            error: result.error, payload: keepsPayloads ? invocation.payload : nil,
            response: keepsPayloads ? try? result.get() : nil)
    }
}
