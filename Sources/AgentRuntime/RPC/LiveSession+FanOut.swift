import Domain

/// Calls to participants, all at once, each with its own outcome at its
/// deadline at the latest.
extension LiveSession {
    /// Calls the participants and waits for all outcomes.
    func call(_ request: RPCCallRequest) async throws(TurngateError) -> [RecipientReceipt] {
        try requireInRoom()
        let run = try startFanOut(request, for: .call)
        _ = await run.done.wait(for: request.responseTimeout + .seconds(1), on: context.clock)
        return run.fanOut.recipients
    }

    /// Starts the calls; the run is complete when its latch opens.
    func startFanOut(
        _ request: RPCCallRequest, for purpose: FanOutRun.Purpose
    ) throws(TurngateError) -> FanOutRun {
        guard fanOuts.count < context.limits.fanOuts else {
            throw .overloaded("a session makes at most \(context.limits.fanOuts) calls to its participants at once")
        }
        let present = connection?.remoteParticipants ?? []
        let fanOut = FanOut(destinations: request.destinations, present: present)
        let run = FanOutRun(request.method, purpose: purpose, fanOut: fanOut, clock: context.clock)
        nextFanOut += 1
        fanOuts[nextFanOut] = run
        for receipt in fanOut.recipients where receipt.outcome != .pending { record(receipt, of: run) }
        let number = nextFanOut
        if !fanOut.pending.isEmpty { hurryAttributes() }
        run.tasks = fanOut.pending.map { identity in
            Task { await self.callOne(identity, request, in: number) }
        }
        run.tasks.append(Task { await self.expire(number, after: request.responseTimeout) })
        finishIfComplete(number)
        return run
    }

    private func callOne(_ identity: String, _ request: RPCCallRequest, in number: Int) async {
        guard let connection else { return settle(identity, .failure(RPCError(.sendFailed)), in: number) }
        let result: Result<String, RPCError>
        do throws(RPCError) {
            let response = try await connection.performRPC(
                method: request.method, payload: request.payload, destination: identity,
                timeout: request.responseTimeout)
            result = .success(response)
        } catch {
            result = .failure(error)
        }
        settle(identity, result, in: number)
    }

    private func expire(_ number: Int, after timeout: Duration) async {
        do { try await context.clock.sleep(for: timeout) } catch { return }
        settleAll(in: number, with: RPCError(.responseTimeout))
    }

    /// A participant has left: whoever still waits for its answer need not.
    func settleFanOuts(of identity: String) {
        for number in fanOuts.keys { settle(identity, .failure(RPCError(.recipientDisconnected)), in: number) }
    }

    /// The agent leaves: nobody will answer it any more.
    func failFanOuts() {
        for number in fanOuts.keys.sorted() {
            settleAll(
                in: number, with: RPCError(code: RPCError.Code.sendFailed.rawValue, message: "The agent has left"))
        }
    }

    private func settleAll(in number: Int, with error: RPCError) {
        for identity in fanOuts[number]?.fanOut.pending ?? [] { settle(identity, .failure(error), in: number) }
    }

    private func settle(_ identity: String, _ result: Result<String, RPCError>, in number: Int) {
        guard let run = fanOuts[number] else { return }
        let latency = context.clock.uptime - run.started
        guard run.fanOut.settle(identity, result, latency: latency) else { return }
        TraceContext.$current.withValue(run.trace) {
            if let receipt = run.fanOut.recipients.first(where: { $0.identity == identity }) {
                record(receipt, of: run)
            }
            finishIfComplete(number)
        }
    }

    private func record(_ receipt: RecipientReceipt, of run: FanOutRun) {
        context.metrics.recordCall(receipt, isNotification: run.receipt != nil)
        write(.invocation(run.record(receipt, in: id)))
    }

    private func finishIfComplete(_ number: Int) {
        guard let run = fanOuts[number], run.fanOut.isComplete else { return }
        fanOuts[number] = nil
        for task in run.tasks { task.cancel() }
        if let receipt = run.receipt { run.completed = keep(receipt, started: run.started) }
        run.done.open()
    }
}
