/// How turns go in a session: who is told when, when the gate is open, what
/// happens to audio while it is shut. The JSON form is the API's.
public struct TurnPolicy: Sendable, Equatable, Codable {
    /// Whether turns are asked for or the floor is everybody's.
    public var mode: Mode
    /// A change into one of these, coming from `speaking` or `thinking` or by
    /// an explicit call, tells the participants that it is their turn.
    public var notifyOn: [AgentState]
    /// States that open the audio gate; shares none with `closeAudioOn`.
    public var openAudioOn: [AgentState]
    /// States that shut the audio gate.
    public var closeAudioOn: [AgentState]
    /// What an automatic notification calls; a caller of the API may say otherwise.
    public var notification: NotificationPolicy
    /// 0…2000.
    public var preRollMs: Int
    /// 1,000…3,600,000.
    public var maxTurnMs: Int
    /// What happens to audio while the gate is shut.
    public var closedGate: ClosedGate
    /// Whether a turn's audio is kept, to be had as a WAV later.
    public var keepTurnAudio: Bool
    /// Which end of the agent's speech counts: for the step to `listening`, and
    /// with it for the gate and the notification.
    public var align: Alignment
    /// Whether a participant may cut the agent's speech short.
    public var allowInterruptions: Bool

    /// `manual`: a turn is taken and given back by call; `open`: everybody may
    /// speak.
    public enum Mode: String, Sendable, Codable, CaseIterable { case manual, open }
    /// `drop`: audio arrives, feeds the pre-roll and is thrown away, so that
    /// opening is instant.
    /// `pause`: the track is disabled at the room server, so that nothing arrives.
    public enum ClosedGate: String, Sendable, Codable, CaseIterable { case drop, pause }
    /// `heard`: when the listeners have heard it; `sent`: when its last frame was
    /// sent.
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
    /// The method's name at the participants: 1…64 visible ASCII characters.
    public var method: String
    /// What it is called with, at most 15,360 bytes.
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
    /// The new `mode`.
    public var mode: TurnPolicy.Mode?
    /// The new `notify_on`, as a whole.
    public var notifyOn: [AgentState]?
    /// The new `open_audio_on`, as a whole.
    public var openAudioOn: [AgentState]?
    /// The new `close_audio_on`, as a whole.
    public var closeAudioOn: [AgentState]?
    /// The new `notification.method`.
    public var notificationMethod: String?
    /// The new `notification.payload`.
    public var notificationPayload: String?
    /// The new `notification.response_timeout_ms`, 100…60,000.
    public var notificationResponseTimeoutMs: Int?
    /// The new `pre_roll_ms`, 0…2000.
    public var preRollMs: Int?
    /// The new `max_turn_ms`, 1,000…3,600,000.
    public var maxTurnMs: Int?
    /// The new `closed_gate`.
    public var closedGate: TurnPolicy.ClosedGate?
    /// The new `keep_turn_audio`.
    public var keepTurnAudio: Bool?
    /// The new `align`.
    public var align: TurnPolicy.Alignment?
    /// The new `allow_interruptions`.
    public var allowInterruptions: Bool?

    public init() {}
}

extension TurnPolicy {
    /// This policy with `patch` laid over it. A state stands in one of the two
    /// gate lists only: one that the patch puts into a list leaves the other,
    /// and where it is put into both, the gate is closed.
    public func merging(_ patch: TurnPolicyPatch) -> TurnPolicy {
        var merged = self
        merged.mode = patch.mode ?? mode
        merged.notifyOn = patch.notifyOn ?? notifyOn
        merged.closeAudioOn = patch.closeAudioOn ?? closeAudioOn.filter { !(patch.openAudioOn ?? []).contains($0) }
        merged.openAudioOn = (patch.openAudioOn ?? openAudioOn).filter { !merged.closeAudioOn.contains($0) }
        merged.notification.method = patch.notificationMethod ?? notification.method
        merged.notification.payload = patch.notificationPayload ?? notification.payload
        merged.notification.responseTimeoutMs = patch.notificationResponseTimeoutMs ?? notification.responseTimeoutMs
        merged.preRollMs = patch.preRollMs ?? preRollMs
        merged.maxTurnMs = patch.maxTurnMs ?? maxTurnMs
        merged.closedGate = patch.closedGate ?? closedGate
        merged.keepTurnAudio = patch.keepTurnAudio ?? keepTurnAudio
        merged.align = patch.align ?? align
        merged.allowInterruptions = patch.allowInterruptions ?? allowInterruptions
        return merged
    }
}
