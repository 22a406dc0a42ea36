/// Who is heard: hand, policy and floor put together, as a value.
public struct GateRules: Sendable, Equatable {
    /// The session's policy.
    public private(set) var policy: TurnPolicy
    /// What the last state said that `open_audio_on` or `close_audio_on` names;
    /// nil before the first such state.
    private var stateOpens: Bool?
    /// The word for why of whoever opened it by hand against the policy; the
    /// policy's next word ends that.
    private var openedByHand: Hand?
    /// The gate of the whole session, shut by hand: until a hand lifts it.
    public private(set) var hand: Hand?
    /// Single participants, shut by hand.
    public private(set) var hands: [String: Hand] = [:]
    /// Since when `input` is as it is.
    public private(set) var since: Timestamp

    /// Somebody has shut a gate.
    public struct Hand: Sendable, Equatable {
        /// The caller's word for why.
        public var note: String?

        public init(note: String?) { self.note = note }
    }

    /// Begins shut: `initializing` opens nothing.
    public init(policy: TurnPolicy, at time: Timestamp) {
        self.policy = policy
        since = time
        entered(.initializing, at: time)
    }

    /// Whether the agent's state lets audio in. Without a floor the policy has
    /// to open the gate; where the floor opens it, the policy may only shut it.
    public var stateAllows: Bool { stateOpens ?? (policy.mode == .manual) }

    /// Whether the session takes audio in, and why.
    public var input: AudioInput {
        if let hand { return AudioInput(enabled: false, reason: .api, note: hand.note, since: since) }
        if let openedByHand { return AudioInput(enabled: true, reason: .api, note: openedByHand.note, since: since) }
        return AudioInput(enabled: stateAllows, reason: .policy, since: since)
    }

    /// How a participant's gate is to stand. `holder` has the floor and is
    /// being listened to.
    public func gate(of identity: String, holder: String?, hasTrack: Bool) -> ParticipantGate {
        func shut(_ reason: GateReason) -> ParticipantGate {
            ParticipantGate(identity: identity, isOpen: false, reason: reason)
        }
        guard hasTrack else { return shut(.unavailable) }
        if hand != nil || hands[identity] != nil { return shut(.api) }
        guard stateAllows else { return shut(.policy) }
        guard policy.mode == .manual else { return ParticipantGate(identity: identity, isOpen: true, reason: .policy) }
        guard let holder else { return shut(.noTurn) }
        return identity.isIdentity(holder)
            ? ParticipantGate(identity: identity, isOpen: true, reason: .turn) : shut(.notHolder)
    }

    /// The agent's state has changed.
    public mutating func entered(_ state: AgentState, at time: Timestamp) {
        let before = input
        if policy.openAudioOn.contains(state) { allow(true) }
        if policy.closeAudioOn.contains(state) { allow(false) }
        touch(before, time)
    }

    private mutating func allow(_ isAllowed: Bool) {
        stateOpens = isAllowed
        openedByHand = nil
    }

    /// The policy has changed, while the agent is in `state`.
    public mutating func follow(_ policy: TurnPolicy, in state: AgentState, at time: Timestamp) {
        self.policy = policy
        entered(state, at: time)
    }

    /// Somebody sets gates by hand. What is shut stays shut until it is lifted by
    /// hand. Opening lifts; for the whole session it also opens against the
    /// agent's state, until the policy has its next word. The floor stays.
    public mutating func set(_ change: AudioInputChange, at time: Timestamp) {
        let before = input
        let hand = change.enabled ? nil : Hand(note: change.note)
        if let participants = change.participants {
            for identity in participants { hands[identity] = hand }
        } else {
            self.hand = hand
            openedByHand = change.enabled && !stateAllows ? Hand(note: change.note) : nil
            if change.enabled {
                stateOpens = true
                hands = [:]
            }
        }
        touch(before, time)
    }

    /// A participant has left: its hand does not wait for the next of its name.
    public mutating func left(_ identity: String) { hands[identity] = nil }

    private mutating func touch(_ before: AudioInput, _ time: Timestamp) {
        if input != before { since = max(time, since) }
    }
}
