import Domain

extension FakeSessions {
    func startTurn(
        _ id: SessionID, _ request: TurnRequest, actor: String?
    ) async throws(TurngateError) -> TurnStart {
        try perform(.startTurn(request, actor: actor)) { state throws(TurngateError) in
            var session = try Self.working(id, state)
            if let refusal = state.refusal { throw .conflict(.turn(refusal)) }
            if let turn = session.turn, !request.preempt {
                if turn.holder == request.participant { return .running(turn) }
                guard request.queue else {
                    throw .conflict(.turn(.floorTaken(holder: turn.holder, turn: turn.id, epoch: turn.epoch)))
                }
                state.queue.append(request.participant)
                return .queued(participant: request.participant, place: state.queue.count, holder: turn.holder)
            }
            let epoch = Int64(state.turns[id]?.count ?? 0) + 1
            let turn = Turn(
                id: TurnID(at: Self.start + .milliseconds(epoch)), sessionID: id, epoch: epoch,
                holder: request.participant, startedAt: Self.start, startCause: .api, startActor: actor)
            state.turns[id, default: []].append(turn)
            session.turn = turn
            session.floor.holder = request.participant
            state.sessions[id] = session
            return .started(turn)
        }
    }

    func endTurn(_ id: SessionID, _ turn: TurnReference, actor: String?) async throws(TurngateError) -> Turn {
        try perform(.endTurn(turn, actor: actor)) { state throws(TurngateError) in
            try Self.finish(id, turn, .committed, .endTurn, &state)
        }
    }

    func cancelTurn(_ id: SessionID, _ turn: TurnReference, actor: String?) async throws(TurngateError) -> Turn {
        try perform(.cancelTurn(turn, actor: actor)) { state throws(TurngateError) in
            try Self.finish(id, turn, .cancelled, .cancelTurn, &state)
        }
    }

    private static func finish(
        _ id: SessionID, _ reference: TurnReference, _ outcome: Turn.Outcome, _ reason: Turn.EndReason,
        _ state: inout State
    ) throws(TurngateError) -> Turn {
        var session = try working(id, state)
        guard var turn = session.turn, reference.means(turn) else {
            throw .conflict(.turn(.staleTurn(current: session.turn?.id, epoch: session.turn?.epoch)))
        }
        turn.status = .ended
        turn.outcome = outcome
        turn.endReason = reason
        turn.endedAt = start + .seconds(2)
        turn.audio = TurnAudioCounts(preRollMs: 480, audioMs: 2480, speechMs: 1960, droppedFrames: 1)
        turn.audioKept = state.turnAudio[turn.id] != nil
        session.turn = nil
        session.floor = Floor()
        state.sessions[id] = session
        state.turns[id] = (state.turns[id] ?? []).map { $0.id == turn.id ? turn : $0 }
        return turn
    }

    func turns(_ id: SessionID, _ query: TurnQuery) async throws(TurngateError) -> TurnPage {
        try perform(.turns(query)) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            let all = (state.turns[id] ?? []).reversed().filter { turn in
                (query.outcome == nil || query.outcome == turn.outcome) && (query.before.map { turn.id < $0 } ?? true)
            }
            let page = Array(all.prefix(query.limit))
            return TurnPage(turns: page, next: all.count > page.count ? page.last?.id : nil)
        }
    }

    func turn(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> Turn {
        try perform(nil) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            guard let found = state.turns[id]?.first(where: { $0.id == turn }) else { throw .notFound(.turn) }
            return found
        }
    }

    func turnAudio(_ id: SessionID, _ turn: TurnID) async throws(TurngateError) -> TurnAudio {
        try perform(nil) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            guard state.turns[id]?.contains(where: { $0.id == turn }) == true else { throw .notFound(.turn) }
            guard let audio = state.turnAudio[turn] else { throw .notFound(.turnAudio) }
            return audio
        }
    }

    func incidents(_ id: SessionID, _ query: IncidentQuery) async throws(TurngateError) -> IncidentPage {
        try perform(.incidents(query)) { state throws(TurngateError) in
            _ = try Self.find(id, state)
            let all = state.incidents.reversed().filter { incident in query.before.map { incident.seq < $0 } ?? true }
            let page = Array(all.prefix(query.limit))
            return IncidentPage(incidents: page, next: all.count > page.count ? page.last?.seq : nil)
        }
    }
}
