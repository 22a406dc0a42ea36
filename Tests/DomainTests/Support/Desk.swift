import Domain

/// A turn machine with what a test needs around it: ids, times, and the turns
/// that ended.
struct Desk {
    static let time = Timestamp(microseconds: 1_795_348_800_000_000)

    var machine: TurnMachine
    var clock = Desk.time
    /// Every turn that was started, in order.
    var started: [Turn] = []
    /// Every turn that got its outcome, in order.
    var ended: [Turn] = []
    /// What the machine wanted done, in order.
    var actions: [TurnMachine.Action] = []
    /// What passed the gate in every turn.
    var audio = TurnAudioCounts(preRollMs: 100, audioMs: 1000, speechMs: 600)
    /// Whether the gate is shut as soon as the machine wants it.
    var shutsAtOnce = true

    init(queueLimit: Int = 100) {
        machine = TurnMachine(sessionID: SessionID(at: Desk.time), queueLimit: queueLimit)
    }

    /// Takes the floor for somebody, over RPC unless `key` names a backend.
    @discardableResult
    mutating func start(
        _ who: String, queue: Bool = false, preempt: Bool = false, key: String? = nil
    ) -> Result<TurnStart, TurnRefusalError> {
        tick()
        let caller = key.map { TurnMachine.Caller.backend($0) } ?? .participant(who)
        let request = TurnRequest(participant: who, preempt: preempt, queue: queue)
        return machine.start(request, by: caller, id: TurnID(at: clock), at: clock).map { decision in
            if case .started(let turn) = decision.value { started.append(turn) }
            carryOut(decision.actions)
            return decision.value
        }
    }

    /// Ends or cancels; `who` nil: a backend does.
    @discardableResult
    mutating func end(
        _ reference: TurnReference, by who: String?, cancelling: Bool = false
    ) -> Result<Turn, TurnRefusalError> {
        tick()
        let caller = who.map { TurnMachine.Caller.participant($0) } ?? .backend("key")
        return machine.end(reference, by: caller, cancelling: cancelling).map { decision in
            carryOut(decision.actions)
            return decision.value
        }
    }

    mutating func end(because reason: Turn.EndReason) { carryOut(machine.end(because: reason)) }
    mutating func left(_ who: String) { carryOut(machine.left(who)) }
    mutating func offerExpired(_ number: Int) { carryOut(machine.offerExpired(number)) }

    /// The gate of `turn` is shut.
    @discardableResult
    mutating func complete(_ turn: TurnID) -> Turn? {
        tick()
        guard let decision = machine.complete(turn, audio: audio, audioKept: true, at: clock) else { return nil }
        carryOut(decision.actions)
        return decision.value
    }

    mutating func carryOut(_ actions: [TurnMachine.Action]) {
        for action in actions {
            self.actions.append(action)
            switch action {
            case .shut(let turn, _): if shutsAtOnce { complete(turn.id) }
            case .ended(let turn): ended.append(turn)
            case .open, .offer: break
            }
        }
    }

    private mutating func tick() { clock = clock + .milliseconds(10) }

    /// Who was offered the floor, in order.
    var offers: [String] {
        actions.compactMap { if case .offer(let who, _) = $0 { who } else { nil } }
    }
}

extension Result where Failure == TurnRefusalError {
    /// Why not; nil when it was done.
    var refusal: TurnRefusal? {
        if case .failure(let error) = self { error.refusal } else { nil }
    }
}

extension Result where Success == TurnStart, Failure == TurnRefusalError {
    /// The turn that began.
    var turn: Turn? {
        if case .success(.started(let turn)) = self { turn } else { nil }
    }
}

extension Turn {
    /// A reference by id.
    var byID: TurnReference { TurnReference(id: id) }
    /// A reference by epoch.
    var byEpoch: TurnReference { TurnReference(epoch: epoch) }
    /// A reference by both.
    var byBoth: TurnReference { TurnReference(id: id, epoch: epoch) }
}
