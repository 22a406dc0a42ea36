import Domain

/// The agent's state: numbered here, taken by the journal, then shown.
extension LiveSession {
    /// What a step came to.
    struct StepTaken {
        var changed: Bool
        /// The journal's word; nil when nothing changed.
        var ticket: JournalTicket?
    }

    /// Steps into `next` when the journal takes the row (with `entries` in the
    /// same transaction); otherwise nothing has happened, and the numbering
    /// has no hole.
    func step(
        to next: AgentState, cause: TransitionCause, actor: String? = nil, reason: String? = nil,
        turn: TurnID? = nil, with entries: [JournalEntry] = []
    ) throws(TurngateError) -> StepTaken {
        var machine = states
        switch machine.step(
            to: next, cause: cause, actor: actor, reason: reason, turnID: turn ?? turns.current?.id,
            at: context.clock.now)
        {
        case .illegal: throw .conflict(.illegalStateStep(from: states.state, to: next))
        case .unchanged: return StepTaken(changed: false, ticket: nil)
        case .moved(let row):
            let ticket = try append([.transition(row)] + entries)
            states = machine
            stateTicket = ticket
            rules.entered(next, at: row.at)
            refreshGates()
            // Whoever called over RPC gets an answer that tells of the step.
            publishAttributes(hurried: cause == .rpc)
            if row.callsForNotification(by: session.spec.turnPolicy) { notifyByPolicy() }
            return StepTaken(changed: true, ticket: ticket)
        }
    }

    /// The backend says what its agent does. Answers when the row is durable,
    /// or says that it is not yet.
    func setAgentState(
        to next: AgentState, reason: String?, actor: String?
    ) async throws(TurngateError) -> AgentStateChange {
        try requireWorking()
        let taken = try step(to: next, cause: .api, actor: actor, reason: reason)
        let row = states.current
        // Where nothing changed, the row that stands may still be on its way.
        let outcome = await stateTicket?.outcome(within: context.limits.durableWait) ?? .durable
        guard outcome != .refused else {
            rowsAreRefused()
            throw .conflict(.sessionNotWorking(id, status: .ending))
        }
        return AgentStateChange(
            transition: row, room: session.spec.room, changed: taken.changed, durable: outcome == .durable)
    }

    /// PostgreSQL refuses the session's rows for good: another process has
    /// ended it there, or its history cannot go on.
    func rowsAreRefused() {
        conclude(.failed(SessionEnd(.runtimeLost, detail: "PostgreSQL refuses the session's rows")))
    }

    private func follow(_ policy: TurnPolicy) {
        rules.follow(policy, in: states.state, at: context.clock.now)
        gate.setPreRoll(.milliseconds(policy.preRollMs))
        if policy.mode == .open { clearFloor(because: .policyChanged) }
        if let turn = turns.current, turn.status == .active { startLimit(of: turn) }
        refreshGates()
    }

    /// What has happened until now is told before what is written past the
    /// journal: waits for it, with a bound. What was refused is no obstacle.
    private func letJournalCatchUp() async throws(TurngateError) {
        guard await lastTicket?.outcome(within: context.limits.durableWait) == .pending else { return }
        throw .storeUnavailable(detail: "what happened in the session before is not written yet")
    }

    /// Writes a patch down and takes it on.
    func update(with patch: SessionPatch) async throws(TurngateError) -> Session {
        try await changes.run { () throws(TurngateError) in
            try requireWorking()
            try await letJournalCatchUp()
            try requireWorking()
            var spec = session.spec
            if let change = patch.turnPolicy { spec.turnPolicy = spec.turnPolicy.merging(change) }
            spec.labels = patch.labels ?? spec.labels
            spec.metadata = patch.metadata ?? spec.metadata
            var patched = snapshot
            patched.spec = spec
            try await context.store.update(patched)
            session.spec = spec
            if patch.turnPolicy != nil { follow(spec.turnPolicy) } else { publish() }
            return snapshot
        }
    }
}
