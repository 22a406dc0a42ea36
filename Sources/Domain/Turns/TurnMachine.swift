/// Who has the floor: the turns of one session as a value. Events go in,
/// decisions and things to do come out; it knows no clock, no room and no
/// audio.
///
/// A turn ends in two steps, because its last words are on their way when
/// somebody says that it is over: it is `ending` until whoever owns the gate
/// calls `complete`, and its holder has the floor until then.
public struct TurnMachine: Sendable, Equatable {
    /// The turn that is under way or being ended.
    public private(set) var current: Turn?
    /// The epoch of the last turn; 0 before the first.
    public private(set) var lastEpoch: Int64 = 0
    /// The id of the turn that ended last.
    public private(set) var lastEnded: TurnID?
    /// Who waits, first come first.
    public private(set) var queue: [String] = []
    /// For whom the free floor is kept.
    public private(set) var offeredTo: String?
    /// Counts the offers, so that the end of one is not taken for that of another.
    public private(set) var offerNumber = 0

    /// Preempted turns on their way to their outcome beside the one that took
    /// the floor.
    private var preempted: [Turn] = []

    private let sessionID: SessionID
    private let queueLimit: Int

    public init(sessionID: SessionID, queueLimit: Int = 100) {
        self.sessionID = sessionID
        self.queueLimit = queueLimit
    }

    /// Who has the floor, and who waits.
    public var floor: Floor { Floor(holder: current?.holder, offeredTo: offeredTo, queue: queue) }

    /// Who is behind a call.
    public enum Caller: Sendable, Equatable {
        /// A participant, over RPC, by its identity.
        case participant(String)
        /// A backend, over the API, by its key's name.
        case backend(String?)

        /// The `cause` of what comes of the call.
        public var cause: TransitionCause {
            switch self {
            case .participant: .rpc
            case .backend: .api
            }
        }

        /// The `actor` of what comes of the call.
        public var name: String? {
            switch self {
            case .participant(let identity): identity
            case .backend(let name): name
            }
        }
    }

    /// What is to be done about a change, in this order.
    public enum Action: Sendable, Equatable {
        /// The gate opens for the holder.
        case open(Turn)
        /// The gate shuts, at once or when the last words are in; then
        /// `complete` is to be called.
        case shut(Turn, keepsTail: Bool)
        /// A turn has its outcome: to be written down and told.
        case ended(Turn)
        /// The floor is kept for this participant, who is to be told; after
        /// the time for it, `offerExpired` is to be called with the number.
        case offer(String, number: Int)
    }

    /// A decision and what is to be done about it.
    public struct Decision<Value: Sendable>: Sendable {
        /// What the caller is told.
        public var value: Value
        /// What is to be done, in this order.
        public var actions: [Action]
    }

    // MARK: Taking the floor

    /// Somebody wants the floor. A turn that is `ending` counts as taken: the
    /// caller waits until it is over, and asks then.
    public mutating func start(
        _ request: TurnRequest, by caller: Caller, id: TurnID, at time: Timestamp
    ) -> Result<Decision<TurnStart>, TurnRefusalError> {
        if let turn = current {
            if turn.holder.isIdentity(request.participant), turn.status == .active {
                return .success(Decision(value: .running(turn), actions: []))
            }
            if request.preempt { return .success(preempt(turn, request, by: caller, id: id, at: time)) }
            return wait(request, holder: turn.holder, turn: turn)
        }
        if let kept = offeredTo, !kept.isIdentity(request.participant), !request.preempt {
            return wait(request, holder: kept, turn: nil)
        }
        return .success(open(request, by: caller, id: id, at: time, after: []))
    }

    private mutating func wait(
        _ request: TurnRequest, holder: String, turn: Turn?
    ) -> Result<Decision<TurnStart>, TurnRefusalError> {
        guard request.queue else {
            return .failure(TurnRefusalError(.floorTaken(holder: holder, turn: turn?.id, epoch: turn?.epoch)))
        }
        if !queue.contains(where: request.participant.isIdentity) {
            guard queue.count < queueLimit else {
                return .failure(TurnRefusalError(.queueFull(limit: queueLimit)))
            }
            queue.append(request.participant)
        }
        let place = (queue.firstIndex(where: request.participant.isIdentity) ?? 0) + 1
        return .success(
            Decision(value: .queued(participant: request.participant, place: place, holder: holder), actions: []))
    }

    private mutating func preempt(
        _ turn: Turn, _ request: TurnRequest, by caller: Caller, id: TurnID, at time: Timestamp
    ) -> Decision<TurnStart> {
        var ending = turn
        // What its holder has ended already stays ended by him.
        if ending.status == .active { ending.endReason = .preempted }
        ending.status = .ending
        current = nil
        preempted.append(ending)
        return open(request, by: caller, id: id, at: time, after: [.shut(ending, keepsTail: false)])
    }

    private mutating func open(
        _ request: TurnRequest, by caller: Caller, id: TurnID, at time: Timestamp, after actions: [Action]
    ) -> Decision<TurnStart> {
        lastEpoch += 1
        // Whose offer a preemption crosses stays the next.
        if let offeredTo { queue.insert(offeredTo, at: 0) }
        offeredTo = nil
        queue.removeAll { $0.isIdentity(request.participant) }
        let turn = Turn(
            id: id, sessionID: sessionID, epoch: lastEpoch, holder: request.participant, startedAt: time,
            startCause: caller.cause, startActor: caller.name)
        current = turn
        return Decision(value: .started(turn), actions: actions + [.open(turn)])
    }

    /// A turn that was only just started could not be written down: it has
    /// never been.
    public mutating func withdraw(_ id: TurnID) -> [Action] {
        guard current?.id == id else { return [] }
        current = nil
        lastEpoch -= 1
        return offerNext()
    }

    // MARK: Ending a turn

    /// The holder or the backend ends or cancels a turn. What is stale changes
    /// nothing.
    public mutating func end(
        _ reference: TurnReference, by caller: Caller, cancelling: Bool
    ) -> Result<Decision<Turn>, TurnRefusalError> {
        guard reference.id != nil || reference.epoch != nil else { return .failure(TurnRefusalError(.turnRequired)) }
        guard let turn = current, reference.means(turn) else {
            return .failure(TurnRefusalError(.staleTurn(current: current?.id, epoch: current?.epoch)))
        }
        if case .participant(let identity) = caller, !identity.isIdentity(turn.holder) {
            return .failure(TurnRefusalError(.notHolder(holder: turn.holder)))
        }
        let actions = beginEnd(cancelling ? .cancelTurn : .endTurn)
        return .success(Decision(value: current ?? turn, actions: actions))
    }

    /// Something else brings the present turn to its end; nothing when there
    /// is none, or it is another than `turn`.
    public mutating func end(_ turn: TurnID? = nil, because reason: Turn.EndReason) -> [Action] {
        guard let running = current, turn == nil || turn == running.id else { return [] }
        return beginEnd(reason)
    }

    private mutating func beginEnd(_ reason: Turn.EndReason) -> [Action] {
        guard var turn = current else { return [] }
        // What is being ended can still be cancelled, or its tail cut short;
        // not ended again.
        if turn.status == .ending, reason.keepsTail || turn.endReason?.keepsTail == false { return [] }
        if turn.status == .active || reason == .cancelTurn { turn.endReason = reason }
        turn.status = .ending
        current = turn
        return [.shut(turn, keepsTail: reason.keepsTail)]
    }

    /// The gate is shut: the turn gets its outcome, and the floor goes to the
    /// next. Nothing for a turn that is not being ended.
    public mutating func complete(
        _ id: TurnID, audio: TurnAudioCounts, audioKept: Bool, at time: Timestamp
    ) -> Decision<Turn>? {
        if let place = preempted.firstIndex(where: { $0.id == id }) {
            let turn = preempted.remove(at: place).ended(with: audio, kept: audioKept, at: time)
            lastEnded = id
            return Decision(value: turn, actions: [.ended(turn)])
        }
        guard let running = current, running.id == id, running.status == .ending else { return nil }
        let turn = running.ended(with: audio, kept: audioKept, at: time)
        current = nil
        lastEnded = id
        return Decision(value: turn, actions: [.ended(turn)] + offerNext())
    }

    /// Notes what passed so far, for those who look at the running turn.
    public mutating func note(_ audio: TurnAudioCounts) { current?.audio = audio }

    // MARK: The queue

    private mutating func offerNext() -> [Action] {
        guard current == nil, offeredTo == nil, !queue.isEmpty else { return [] }
        let next = queue.removeFirst()
        offeredTo = next
        offerNumber += 1
        return [.offer(next, number: offerNumber)]
    }

    /// The time for which the floor was kept is over.
    public mutating func offerExpired(_ number: Int) -> [Action] {
        guard offeredTo != nil, number == offerNumber else { return [] }
        offeredTo = nil
        return offerNext()
    }

    /// A participant does not want to wait any longer; says whether it did.
    public mutating func leaveQueue(_ identity: String) -> Decision<Bool> {
        if identity.isIdentity(offeredTo) { return Decision(value: true, actions: offerExpired(offerNumber)) }
        guard let place = queue.firstIndex(where: identity.isIdentity) else {
            return Decision(value: false, actions: [])
        }
        queue.remove(at: place)
        return Decision(value: true, actions: [])
    }

    /// A participant has left the room.
    public mutating func left(_ identity: String) -> [Action] {
        let actions = leaveQueue(identity).actions
        guard identity.isIdentity(current?.holder) else { return actions }
        return actions + beginEnd(.holderLeft)
    }

    /// Nobody is to wait any more: the session ends, or has no floor now.
    public mutating func clearQueue() {
        queue = []
        offeredTo = nil
    }
}

/// `TurnRefusal` as an error, for `Result`.
public struct TurnRefusalError: Error, Sendable, Equatable {
    /// Why not.
    public var refusal: TurnRefusal

    public init(_ refusal: TurnRefusal) { self.refusal = refusal }
}
