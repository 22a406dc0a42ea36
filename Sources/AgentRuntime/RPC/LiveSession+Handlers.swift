import Domain

/// Calls that the users' own systems answer: by being called, or by coming for
/// them.
extension LiveSession {
    // MARK: Called over HTTP

    func ask(_ handler: WebhookHandler, for run: InvocationRun) {
        guard !isAnswered(run, by: handler.envelope) else { return }
        let timeout = run.timeout(within: handler.timeout)
        let pending = run.pending(in: session, envelope: handler.envelope, timeout: timeout)
        let (id, deadline) = (run.id, run.arrived + timeout)
        run.tasks = [
            Task { self.settle(id, await self.answer(of: handler, to: pending, within: timeout)) },
            Task {
                do { try await context.clock.sleep(until: deadline) } catch { return }
                settle(id, .failure(RPCError(.responseTimeout)))
            },
        ]
    }

    private func answer(
        of handler: WebhookHandler, to pending: PendingInvocation, within timeout: Duration
    ) async -> Result<String, RPCError> {
        do throws(HandlerFailure) {
            return handler.envelope.result(
                of: try await context.handlers.call(handler, with: pending, timeout: timeout))
        } catch {
            logger.info(
                "a handler gave no answer",
                metadata: ["invocation": "\(pending.id)", "method": "\(pending.method)", "error": "\(error)"])
            return .failure(RPCError(error))
        }
    }

    // MARK: Taken by polling

    func enqueue(_ run: InvocationRun, for handler: QueueHandler) {
        guard !isAnswered(run, by: handler.envelope) else { return }
        let timeout = run.timeout(within: handler.timeout)
        let pending = run.pending(in: session, envelope: handler.envelope, timeout: timeout)
        carryOut(queue.add(pending, deadline: run.arrived + timeout, at: context.clock.uptime))
    }

    /// Takes calls; returns as soon as there is one, at the end of the poll's wait
    /// or the session's, or when the caller goes away.
    func takeInvocations(_ poll: InvocationPoll) async throws(TurngateError) -> [LeasedInvocation] {
        guard endTask == nil else { throw .conflict(.sessionNotWorking(id, status: lifecycle.status)) }
        nextPoller += 1
        let number = nextPoller
        let taken: Result<[LeasedInvocation], TurngateError> = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                pollers[number] = continuation
                begin(poll, number)
            }
        } onCancel: {
            Task { await self.dropPoller(number) }
        }
        return try taken.get()
    }

    private func begin(_ poll: InvocationPoll, _ number: Int) {
        do throws(TurngateError) {
            carryOut(try queue.poll(poll, number: number, at: context.clock.uptime))
        } catch {
            pollers.removeValue(forKey: number)?.resume(returning: .failure(error))
        }
    }

    private func dropPoller(_ number: Int) {
        queue.pollerLeft(number)
        pollers.removeValue(forKey: number)?.resume(returning: .success([]))
        watchQueue()
    }

    /// A users' system answers a call that waits for it.
    func answerInvocation(_ invocation: InvocationID, with answer: InvocationAnswer) throws(TurngateError) {
        carryOut(try queue.answer(invocation, with: answer, at: context.clock.uptime))
    }

    /// Does what the queue wants done.
    func carryOut(_ actions: [InvocationQueue.Action]) {
        for action in actions {
            switch action {
            case .settle(let invocation, let result): settle(invocation, result)
            case .hand(let poller, let leased): pollers.removeValue(forKey: poller)?.resume(returning: .success(leased))
            }
        }
        watchQueue()
    }

    /// Sees to it that what becomes due is done.
    private func watchQueue() {
        guard queue.nextMoment != queueMoment else { return }
        queueMoment = queue.nextMoment
        guard let moment = queueMoment else { return stop(.queue) }
        start(.queue, after: moment - context.clock.uptime) { await $0.tickQueue() }
    }

    private func tickQueue() {
        timers[.queue] = nil
        queueMoment = nil
        carryOut(queue.tick(at: context.clock.uptime))
    }
}
