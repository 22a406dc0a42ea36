/// How turns go in a session: who is told when, when the gate is open, what
/// happens to audio while it is shut. The JSON form is the API's.
public struct TurnPolicy: Sendable, Equatable, Codable {
    public var mode: Mode
    /// A change into one of these, coming from `speaking` or `thinking` or by
    /// an explicit call, tells the participants that it is their turn.
    public var notifyOn: [AgentState]
    public var openAudioOn: [AgentState]
    public var closeAudioOn: [AgentState]
    public var notification: NotificationPolicy
    /// 0…2000.
    public var preRollMs: Int
    /// 1,000…3,600,000.
    public var maxTurnMs: Int
    public var closedGate: ClosedGate
    public var keepTurnAudio: Bool
    public var align: Alignment
    public var allowInterruptions: Bool

    public enum Mode: String, Sendable, Codable, CaseIterable { case manual, open }
    public enum ClosedGate: String, Sendable, Codable, CaseIterable { case drop, pause }
    public enum Alignment: String, Sendable, Codable, CaseIterable { case heard, sent }

    /// The defaults that `api.md` shows.
    public init() {
        mode = .manual
        notifyOn = [.listening]
        openAudioOn = [.idle, .listening]
        closeAudioOn = [.thinking, .speaking]
        notification = NotificationPolicy()
        preRollMs = 500
        maxTurnMs = 60_000
        closedGate = .drop
        keepTurnAudio = false
        align = .heard
        allowInterruptions = true
    }

    enum CodingKeys: String, CodingKey {
        case mode, notification, align
        case notifyOn = "notify_on"
        case openAudioOn = "open_audio_on"
        case closeAudioOn = "close_audio_on"
        case preRollMs = "pre_roll_ms"
        case maxTurnMs = "max_turn_ms"
        case closedGate = "closed_gate"
        case keepTurnAudio = "keep_turn_audio"
        case allowInterruptions = "allow_interruptions"
    }
}

/// What an automatic turn notification calls at the participants.
public struct NotificationPolicy: Sendable, Equatable, Codable {
    public var method: String
    public var payload: String
    /// 100…60,000.
    public var responseTimeoutMs: Int

    public init(method: String = "your_turn_to_speak", payload: String = "", responseTimeoutMs: Int = 5000) {
        self.method = method
        self.payload = payload
        self.responseTimeoutMs = responseTimeoutMs
    }

    enum CodingKeys: String, CodingKey {
        case method, payload
        case responseTimeoutMs = "response_timeout_ms"
    }
}

/// A change to a policy: what is nil stays.
public struct TurnPolicyPatch: Sendable, Equatable {
    public var mode: TurnPolicy.Mode?
    public var notifyOn: [AgentState]?
    public var openAudioOn: [AgentState]?
    public var closeAudioOn: [AgentState]?
    public var notificationMethod: String?
    public var notificationPayload: String?
    public var notificationResponseTimeoutMs: Int?
    public var preRollMs: Int?
    public var maxTurnMs: Int?
    public var closedGate: TurnPolicy.ClosedGate?
    public var keepTurnAudio: Bool?
    public var align: TurnPolicy.Alignment?
    public var allowInterruptions: Bool?

    public init() {}
}

extension TurnPolicy {
    /// This policy with `patch` laid over it. Throws `invalid` naming
    /// `turn_policy.close_audio_on` when a state would both open and shut the
    /// gate.
    public func merging(_ patch: TurnPolicyPatch) throws(TurngateError) -> TurnPolicy {
        var merged = self
        merged.mode = patch.mode ?? mode
        merged.notifyOn = patch.notifyOn ?? notifyOn
        merged.openAudioOn = patch.openAudioOn ?? openAudioOn
        merged.closeAudioOn = patch.closeAudioOn ?? closeAudioOn
        merged.notification.method = patch.notificationMethod ?? notification.method
        merged.notification.payload = patch.notificationPayload ?? notification.payload
        merged.notification.responseTimeoutMs = patch.notificationResponseTimeoutMs ?? notification.responseTimeoutMs
        merged.preRollMs = patch.preRollMs ?? preRollMs
        merged.maxTurnMs = patch.maxTurnMs ?? maxTurnMs
        merged.closedGate = patch.closedGate ?? closedGate
        merged.keepTurnAudio = patch.keepTurnAudio ?? keepTurnAudio
        merged.align = patch.align ?? align
        merged.allowInterruptions = patch.allowInterruptions ?? allowInterruptions
        try merged.checkGateStates()
        return merged
    }

    private func checkGateStates() throws(TurngateError) {
        guard let both = openAudioOn.first(where: closeAudioOn.contains) else { return }
        let message = "'\(both.rawValue)' is in open_audio_on too; a state can only open or close the gate"
        throw .invalid([FieldError(field: "turn_policy.close_audio_on", message: message)])
    }
}
