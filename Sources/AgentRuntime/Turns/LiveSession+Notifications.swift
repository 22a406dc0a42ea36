import Domain

/// "It is your turn to speak": who was told, and how each took it.
extension LiveSession {
    /// Tells the participants; answers when the receipt is complete or `wait`
    /// is over.
    func notify(
        _ request: NotificationRequest, wait: Duration
    ) async throws(TurngateError) -> NotificationReceipt {
        try requireInRoom()
        let run = try startNotification(request, trigger: .api)
        _ = await run.done.wait(for: wait, on: context.clock)
        guard let receipt = run.receipt else { throw .internalFailure("a notification has no receipt") }
        return receipt
    }

    /// The policy wants the participants told; while the room is away, once it
    /// is back.
    func notifyByPolicy() {
        guard lifecycle.status != .reconnecting else {
            owesNotification = true
            return
        }
        do throws(TurngateError) {
            _ = try startNotification(NotificationRequest(), trigger: .policy)
        } catch {
            logger.error("no turn notification", metadata: ["error": "\(error)"])
        }
    }

    /// The room is back: tells what could not be told, if it is still true.
    func notifyIfOwed() {
        guard owesNotification else { return }
        owesNotification = false
        guard turns.current == nil, session.spec.turnPolicy.notifyOn.contains(states.state) else { return }
        notifyByPolicy()
    }

    func startNotification(
        _ request: NotificationRequest, trigger: NotificationReceipt.Trigger
    ) throws(TurngateError) -> FanOutRun {
        let policy = session.spec.turnPolicy.notification
        let call = RPCCallRequest(
            method: request.method ?? policy.method, payload: request.payload ?? policy.payload,
            destinations: request.destinations,
            responseTimeout: request.responseTimeout ?? .milliseconds(policy.responseTimeoutMs))
        let now = context.clock.now
        let receipt = NotificationReceipt(
            id: NotificationID(at: now), sessionID: id, method: call.method, trigger: trigger,
            agentStateSeq: states.current.seq, createdAt: now, recipients: [])
        return try startFanOut(call, for: .notification(receipt))
    }

    /// Takes a complete receipt: to the journal, and at hand until it is durable.
    func keep(_ receipt: NotificationReceipt, started: Duration) -> NotificationReceipt {
        var complete = receipt
        complete.completedAt = max(context.clock.now, receipt.createdAt)
        context.metrics.notificationDuration.observe((context.clock.uptime - started).seconds)
        freshReceipts.append(complete)
        let ticket = journal([.notification(complete)])
        Task { await self.forget(complete.id, once: ticket) }
        return complete
    }

    private func forget(_ notification: NotificationID, once ticket: JournalTicket?) async {
        if let ticket {
            while await ticket.outcome(within: .seconds(30)) == .pending, !finished.isOpen {}
        }
        freshReceipts.removeAll { $0.id == notification }
    }

    /// Receipts that the store may not have yet, newest first.
    var receiptsAtHand: [NotificationReceipt] {
        (fanOuts.values.compactMap(\.receipt) + freshReceipts).sorted { $0.id > $1.id }
    }
}
