import Domain

/// Turns: the machine's decisions carried out.
extension LiveSession {
    typealias Caller = TurnMachine.Caller

    /// Takes the floor for a participant, or a place in the queue.
    func startTurn(_ request: TurnRequest, by caller: Caller) async throws(TurngateError) -> TurnStart {
        // One after the other, so that who came first while a turn was ending
        // is first when it has ended.
        try await floorDoor.run { () throws(TurngateError) in
            await whileTurnEnds()
            return try takeFloor(request, by: caller)
        }
    }

    private func takeFloor(_ request: TurnRequest, by caller: Caller) throws(TurngateError) -> TurnStart {
        try requireFloor(for: request.participant)
        let now = context.clock.now
        var machine = turns
        let decision: TurnMachine.Decision<TurnStart>
        do throws(TurnRefusalError) {
            decision = try machine.start(request, by: caller, id: TurnID(at: now), at: now).get()
        } catch {
            throw .conflict(.turn(error.refusal))
        }
        switch decision.value {
        case .started(let turn):
            try requireInterruptible()
            turns = machine
            try begin(turn, decision.actions, by: caller)
            return .started(turns.current.flatMap { $0.id == turn.id ? $0 : nil } ?? turn)
        case .running(let turn): return .running(withCounts(turn))
        case .queued:
            turns = machine
            publish()
            return decision.value
        }
    }

    private func begin(
        _ turn: Turn, _ actions: [TurnMachine.Action], by caller: Caller
    ) throws(TurngateError) {
        // The gate opens with its pre-roll, in its own order's place and not before.
        openingHolder = turn.holder
        defer { openingHolder = nil }
        // A preempted turn is written down before the one that takes its place.
        for action in actions where action != .open(turn) { carryOut(action) }
        do throws(TurngateError) {
            try makeWay(for: turn, by: caller)
        } catch {
            openingHolder = nil
            carryOut(turns.withdraw(turn.id))
            refreshGates()
            throw error
        }
        carryOut(.open(turn))
        openingHolder = nil
        refreshGates()
    }

    private func requireFloor(for identity: String) throws(TurngateError) {
        guard lifecycle.status == .active else { throw .conflict(.turn(.notReady(lifecycle.status))) }
        guard session.spec.turnPolicy.mode == .manual else { throw .conflict(.turn(.noFloor)) }
        guard speakers.contains(where: { $0.identity.isIdentity(identity) && $0.state != .disconnected }) else {
            throw .conflict(.turn(.participantAbsent(identity)))
        }
    }

    /// Whether the agent would have to be interrupted for a turn.
    private var agentIsBusy: Bool {
        session.spec.turnPolicy.closeAudioOn.contains(states.state) || hasSomethingToSay
    }

    private func requireInterruptible() throws(TurngateError) {
        guard !agentIsBusy || session.spec.turnPolicy.allowInterruptions else {
            throw .conflict(.turn(.agentBusy(states.state)))
        }
    }

    /// Writes a new turn down, and has the agent listen: what it says is cut
    /// short.
    private func makeWay(for turn: Turn, by caller: Caller) throws(TurngateError) {
        guard agentIsBusy, states.state != .listening else {
            _ = try append(unwrittenEnds + [.turn(turn)])
            unwrittenTurns = []
            stopSpeeches()
            return
        }
        _ = try step(
            to: .listening, cause: caller.cause, actor: caller.name, reason: "start_turn", turn: turn.id,
            with: unwrittenEnds + [.turn(turn)])
        unwrittenTurns = []
        speakingIsOurs = false
        stopSpeeches()
    }

    /// Ends that a full journal has not taken: they go before the next turn,
    /// or the store would find two that run.
    private var unwrittenEnds: [JournalEntry] { unwrittenTurns.map { .turn($0) } }

    /// Tries again what a full journal has not taken.
    func writeUnwrittenTurns() {
        guard !unwrittenTurns.isEmpty, let ticket = journal(unwrittenEnds) else { return }
        let written = unwrittenTurns
        unwrittenTurns = []
        for turn in written { Task { await self.forget(turn.id, once: ticket) } }
    }

    /// Ends or cancels a turn; returns when it has its outcome.
    func endTurn(
        _ reference: TurnReference, by caller: Caller, cancelling: Bool
    ) async throws(TurngateError) -> Turn {
        let asked = context.clock.uptime
        let decision: TurnMachine.Decision<Turn>
        do throws(TurnRefusalError) {
            decision = try turns.end(reference, by: caller, cancelling: cancelling).get()
        } catch {
            throw .conflict(.turn(error.refusal))
        }
        let ending = ending(of: decision.value.id)
        carryOut(decision.actions)
        _ = await ending.done.wait(for: Self.longestEnd, on: context.clock)
        context.metrics.turnEndToCommit.observe((context.clock.uptime - asked).seconds)
        return ending.turn ?? decision.value
    }

    /// The tail's own bound is far below.
    private static let longestEnd = Duration.seconds(5)

    private func ending(of turn: TurnID) -> TurnEnding {
        if let ending = endings[turn] { return ending }
        let ending = TurnEnding()
        endings[turn] = ending
        return ending
    }

    /// Waits until no turn is on its way to its end.
    private func whileTurnEnds() async {
        while let turn = turns.current, turn.status == .ending {
            guard await ending(of: turn.id).done.wait(for: Self.longestEnd, on: context.clock) else { return }
        }
    }

    /// Does what the machine wants done.
    func carryOut(_ actions: [TurnMachine.Action]) {
        for action in actions { carryOut(action) }
        if !actions.isEmpty { refreshGates() }
    }

    private func carryOut(_ action: TurnMachine.Action) {
        switch action {
        case .open(let turn): openGate(for: turn)
        case .shut(let turn, let keepsTail): shutGate(of: turn, keepsTail: keepsTail)
        case .ended(let turn): keep(turn)
        case .offer(let identity, let number): offerFloor(to: identity, number: number)
        }
    }

    private func openGate(for turn: Turn) {
        let policy = session.spec.turnPolicy
        turnStarted = context.clock.uptime
        startLimit(of: turn)
        holderWasAudible = false
        gate.record(
            TurnRecording(turn: turn.id, keeps: policy.keepTurnAudio, maxBytes: context.limits.turnAudioBytes))
        let isHeard = gateVerdicts.contains { $0.identity.isIdentity(turn.holder) && $0.isOpen }
        guard isHeard else { return watchHolder() }
        let preRoll = policy.closedGate == .drop ? policy.preRollMs : 0
        gate.open(
            turn.holder, AudioGate.Opening(lag: lag(of: turn.holder), preRoll: .milliseconds(preRoll)))
        if let counts = gate.counts(of: turn.id) { turns.note(counts) }
        watchHolder()
    }

    /// Ends the running turn when the policy's limit for it is over.
    func startLimit(of turn: Turn) {
        let limit = Duration.milliseconds(session.spec.turnPolicy.maxTurnMs)
        let left = max(turnStarted + limit - context.clock.uptime, .zero)
        start(.maxTurn, after: left) { await $0.endTurn(turn.id, because: .maxTurn) }
    }

    private func shutGate(of turn: Turn, keepsTail: Bool) {
        stop(.maxTurn)
        stop(.holder)
        let id = turn.id
        let lag = lag(of: turn.holder)
        if keepsTail {
            // The turn's end belongs to whoever ended it, and comes from the
            // audio's thread or a timer.
            let trace = TraceContext.current
            let complete: @Sendable (LiveSession) async -> Void = { live in
                await TraceContext.$current.withValue(trace) { await live.completeTurn(id) }
            }
            let waits = gate.shutAfterTail(turn.holder, lag: lag) { Task { await complete(self) } }
            guard !waits else {
                // Frames that do not come any more are not waited for.
                start(.tail, after: lag + .milliseconds(200), complete)
                return
            }
        }
        gate.shut(turn.holder, lag: lag)
        completeTurn(id)
    }

    private func completeTurn(_ id: TurnID) {
        if let turn = turns.current, turn.id == id {
            guard turn.status == .ending else { return }
            stop(.tail)
            gate.shut(turn.holder, lag: lag(of: turn.holder))
        }
        let recording = gate.takeRecording(of: id)
        let counts = recording?.counts ?? TurnAudioCounts()
        let kept = recording?.samples.map { !$0.isEmpty } ?? false
        guard let decision = turns.complete(id, audio: counts, audioKept: kept, at: context.clock.now) else { return }
        if decision.value.audioKept, let samples = recording?.samples {
            _ = context.turnAudio.keep(samples, of: id)
        }
        carryOut(decision.actions)
    }

    private func keep(_ turn: Turn) {
        context.metrics.turns.labelled(turn.outcome?.rawValue ?? "").increment()
        logger.info(
            "turn ended",
            metadata: [
                "turn": "\(turn.id)", "outcome": "\(turn.outcome?.rawValue ?? "")",
                "reason": "\(turn.endReason?.rawValue ?? "")",
            ])
        endedTurns.append(turn)
        if let ending = endings.removeValue(forKey: turn.id) {
            ending.turn = turn
            ending.done.open()
        }
        guard let ticket = journal(unwrittenEnds + [.turn(turn)]) else { return unwrittenTurns.append(turn) }
        let written = unwrittenTurns + [turn]
        unwrittenTurns = []
        for turn in written { Task { await self.forget(turn.id, once: ticket) } }
    }

    private func forget(_ turn: TurnID, once ticket: JournalTicket) async {
        while await ticket.outcome(within: .seconds(30)) == .pending, !finished.isOpen {}
        endedTurns.removeAll { $0.id == turn }
    }

    /// Something else than a call ends the present turn.
    func endTurn(_ turn: TurnID? = nil, because reason: Turn.EndReason) {
        carryOut(turns.end(turn, because: reason))
    }

    private func offerFloor(to identity: String, number: Int) {
        start(.offer, after: context.limits.offerTime) { live in
            await live.expireOffer(number)
        }
        tellOfOffer(identity)
    }

    private func expireOffer(_ number: Int) {
        // Nobody can take a floor that the agent keeps to itself.
        if turns.offeredTo != nil, agentIsBusy, !session.spec.turnPolicy.allowInterruptions {
            return start(.offer, after: context.limits.offerTime) { await $0.expireOffer(number) }
        }
        carryOut(turns.offerExpired(number))
        publish()
    }

    /// Turns that the store may not have as they stand, newest first.
    var turnsAtHand: [Turn] {
        (endedTurns + (turns.current.map { [withCounts($0)] } ?? [])).sorted { $0.id > $1.id }
    }

    private func withCounts(_ turn: Turn) -> Turn {
        var counted = turn
        if let counts = gate.counts(of: turn.id) { counted.audio = counts }
        return counted
    }
}
