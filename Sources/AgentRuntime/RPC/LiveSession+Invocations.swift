import Domain

/// Calls to the agent's methods: each gets one answer and one line in the log,
/// whatever comes first.
extension LiveSession {
    /// A participant's call has come: what is at hand is answered here, all else
    /// beside the event loop.
    func answer(_ invocation: RPCInvocation) {
        let caller = connection?.remoteParticipants.first { $0.identity.isIdentity(invocation.caller) }
        let run = InvocationRun(
            invocation, to: methods[invocation.method]?.spec,
            by: PendingInvocation.Caller(
                identity: invocation.caller, kind: caller?.kind ?? .unknown, attributes: caller?.attributes ?? [:]),
            over: connection, clock: context.clock)
        invocations[run.id] = run
        TraceContext.$current.withValue(run.trace) { handle(run) }
    }

    private func handle(_ run: InvocationRun) {
        if let error = refusal(of: run) { return settle(run.id, .failure(error)) }
        guard let method = run.method else { return settle(run.id, .failure(RPCError(.unsupportedMethod))) }
        guard isAllowed(run.caller, method) else {
            return settle(run.id, .failure(RPCError(.callerNotAllowed)), as: .refused)
        }
        switch method.handler {
        case .static(let response): settle(run.id, .success(response))
        case .echo: settle(run.id, .success(run.invocation.payload))
        case .builtin: answerBuiltin(run)
        case .webhook(let handler): ask(handler, for: run)
        case .queue(let handler): enqueue(run, for: handler)
        }
    }

    /// Why a call is not taken at all; nil: it is.
    private func refusal(of run: InvocationRun) -> RPCError? {
        if endTask != nil { return RPCError(.sessionOver) }
        // Those that wait in the queue have a bound of their own.
        if invocations.count - queue.count > context.limits.invocations { return RPCError(.tooManyCalls) }
        return nil
    }

    private func isAllowed(_ caller: PendingInvocation.Caller, _ method: RPCMethodSpec) -> Bool {
        method.allowedCallers?.includes(
            identity: caller.identity, kind: caller.kind, hasFloor: caller.identity.isIdentity(turns.floor.holder))
            ?? true
    }

    private func answerBuiltin(_ run: InvocationRun) {
        guard let builtin = BuiltinMethod(rawValue: run.invocation.method) else {
            return settle(run.id, .failure(RPCError(.unsupportedMethod)))
        }
        let (id, invocation) = (run.id, run.invocation)
        run.tasks = [
            Task {
                let answer = await self.answer(builtin, invocation)
                // What the caller hears of, it can see as well.
                self.hurryAttributes()
                self.settle(id, .success(answer))
            }
        ]
    }

    /// What the users' system is not asked about: then the caller has its answer.
    func isAnswered(_ run: InvocationRun, by envelope: RPCEnvelope) -> Bool {
        if run.invocation.payload.utf8.count > RPCLimits.payloadBytes {
            settle(run.id, .failure(RPCError(.requestPayloadTooLarge)))
            return true
        }
        guard let refusal = envelope.refusal(of: run.invocation.payload) else { return false }
        settle(run.id, .success(refusal))
        return true
    }

    /// A call has its answer: the first one counts. It is sent, counted and
    /// written down; the caller does not wait for the last two.
    func settle(
        _ id: InvocationID, _ result: Result<String, RPCError>, as outcome: RPCInvocationRecord.Outcome? = nil
    ) {
        guard let run = invocations.removeValue(forKey: id) else { return }
        for task in run.tasks { task.cancel() }
        let answer = result.withinLimits
        send(answer, of: run)
        let latency = context.clock.uptime - run.arrived
        let record = run.record(
            answer, as: outcome ?? RPCInvocationRecord.Outcome(error: answer.error), in: self.id, after: latency)
        methods[run.invocation.method]?.usage.record(
            latency: latency, failed: answer.error != nil, at: context.clock.now)
        context.metrics.recordInvocation(latency: latency, outcome: record.outcome)
        TraceContext.$current.withValue(run.trace) { log(record) }
    }

    /// The journal is everybody's: one caller that calls without pause must not
    /// fill it.
    private func log(_ record: RPCInvocationRecord) {
        guard logBudget.take(at: context.clock.uptime) else { return context.metrics.unloggedInvocations.increment() }
        write(.invocation(record))
    }

    private func send(_ answer: Result<String, RPCError>, of run: InvocationRun) {
        do throws(RoomError) {
            try run.origin?.respond(to: run.invocation, with: answer)
        } catch {
            logger.info("an RPC answer was not sent", metadata: ["error": "\(error)", "invocation": "\(run.id)"])
        }
    }

    // MARK: Ends

    /// A participant has left, or (nil) all are out of reach: nobody waits for
    /// the answers to its calls. What a call to a built-in method does is done
    /// all the same.
    func invocationsLose(_ identity: String?) {
        carryOut(queue.callerLeft(identity))
        let lost = invocations.values.filter { run in
            run.method?.handler != .builtin && identity.map { $0.isIdentity(run.caller.identity) } ?? true
        }
        for run in lost { settle(run.id, .failure(RPCError(.recipientDisconnected))) }
    }

    /// The agent leaves: whoever still waits for an answer is told so, and
    /// whoever waits for calls gets none.
    func endInvocations() {
        carryOut(queue.close())
        for id in invocations.keys.sorted() { settle(id, .failure(RPCError(.sessionOver))) }
    }
}
