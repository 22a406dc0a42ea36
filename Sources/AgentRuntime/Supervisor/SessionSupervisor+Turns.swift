import Domain

/// Turns, the gate and speech: the calls on their way to the session's actor,
/// or to the store where no runtime holds the session any more.
extension SessionSupervisor {
    public func startTurn(
        _ id: SessionID, _ request: TurnRequest, actor: String?
    ) async throws(TurngateError) -> TurnStart {
        try await working(id).startTurn(request, by: .backend(actor))
    }

    public func endTurn(
        _ id: SessionID, _ turn: TurnReference, actor: String?
    ) async throws(TurngateError) -> Turn {
        try await end(id, turn, actor: actor, cancelling: false)
    }

    public func cancelTurn(
        _ id: SessionID, _ turn: TurnReference, actor: String?
    ) async throws(TurngateError) -> Turn {
        try await end(id, turn, actor: actor, cancelling: true)
    }

    private func end(
        _ id: SessionID, _ reference: TurnReference, actor: String?, cancelling: Bool
    ) async throws(TurngateError) -> Turn {
        let held = try await working(id)
        // Ended to its end even when the caller goes away meanwhile.
        return try await uncut { () async throws(TurngateError) in
            try await held.endTurn(reference, by: .backend(actor), cancelling: cancelling)
        }
    }

    public func turns(_ id: SessionID, _ query: TurnQuery) async throws(TurngateError) -> TurnPage {
        let held = liveSession(id)
        if held == nil, try await context.store.session(id) == nil { throw .notFound(.session) }
        // First what is at hand: what becomes durable meanwhile is in the store then.
        let atHand = await held?.turnsAtHand ?? []
        let stored = try await context.store.turns(id, query)
        let fresh = atHand.filter { turn in
            (query.before.map { turn.id < $0 } ?? true) && (query.outcome.map { turn.outcome == $0 } ?? true)
        }
        let known = Set(atHand.map(\.id))
        let merged = (fresh + stored.turns.filter { !known.contains($0.id) }).sorted { $0.id > $1.id }
        let page = merged.prefix(query.limit).map(withAudio)
        let hasMore = merged.count > query.limit || stored.next != nil
        return TurnPage(turns: page, next: hasMore ? page.last?.id : nil)
    }

    public func turn(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> Turn {
        if let atHand = await liveSession(id)?.turnsAtHand.first(where: { $0.id == turn }) { return withAudio(atHand) }
        guard let stored = try await context.store.turn(id, turn) else {
            if liveSession(id) == nil, try await context.store.session(id) == nil { throw .notFound(.session) }
            throw .notFound(.turn)
        }
        return withAudio(stored)
    }

    /// Whether a turn's audio can be had is known here alone.
    private func withAudio(_ turn: Turn) -> Turn {
        var shown = turn
        shown.audioKept = turn.status == .ended && context.turnAudio.has(turn.id)
        return shown
    }

    public func turnAudio(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> TurnAudio {
        _ = try await self.turn(id, turn)
        guard let samples = context.turnAudio.samples(of: turn) else { throw .notFound(.turnAudio) }
        return TurnAudio(samples: samples)
    }

    public func setAudioInput(
        _ id: SessionID, _ change: AudioInputChange, actor: String?
    ) async throws(TurngateError) -> AudioInputReport {
        try await working(id).setAudioInput(change)
    }

    public func audioInput(_ id: SessionID) async throws(TurngateError) -> AudioInputReport {
        if let held = liveSession(id) { return await held.audioInputReport }
        guard let stored = try await context.store.session(id) else { throw .notFound(.session) }
        return AudioInputReport(input: stored.audioInput, participants: [], readers: [])
    }

    public func readAudio(
        _ id: SessionID, participant: String?
    ) async throws(TurngateError) -> any AudioReading {
        try await working(id).readAudio(participant: participant)
    }

    public func speak(
        _ id: SessionID, _ source: any SpeechSource, interrupt: Bool, wait: Duration, actor: String?
    ) async throws -> Speech {
        try await working(id).speak(source, interrupt: interrupt, wait: wait, by: .backend(actor))
    }

    public func interrupt(_ id: SessionID, actor: String?) async throws(TurngateError) -> SpeechInterruption {
        try await working(id).interrupt(by: .backend(actor))
    }

    public func incidents(_ id: SessionID, _ query: IncidentQuery) async throws(TurngateError) -> IncidentPage {
        if liveSession(id) == nil, try await context.store.session(id) == nil { throw .notFound(.session) }
        return try await context.store.incidents(id, query)
    }
}
