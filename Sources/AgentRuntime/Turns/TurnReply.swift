import Domain
import Foundation

/// The answer of a built-in method: `{"success": true, "result": …}` or
/// `{"success": false, "error": sentence, "code": word, …}`.
struct TurnReply: Encodable {
    var success: Bool
    var result: Result?
    var state: TurnStateReply?
    var error: String?
    var code: String?
    var holder: String?
    var turnID: String?
    var epoch: Int64?

    /// A turn, or a place in the queue.
    struct Result: Encodable {
        var turnID: String?
        var epoch: Int64?
        var holder: String?
        var status: String?
        var preRollMs: Int64?
        var alreadyStarted: Bool?
        var outcome: String?
        var audioMs: Int64?
        var speechMs: Int64?
        var queued: Bool?
        var place: Int?
        var leftQueue: Bool?
        var startedAt: String?

        enum CodingKeys: String, CodingKey {
            case epoch, holder, status, outcome, queued, place
            case turnID = "turn_id"
            case preRollMs = "pre_roll_ms"
            case alreadyStarted = "already_started"
            case audioMs = "audio_ms"
            case speechMs = "speech_ms"
            case leftQueue = "left_queue"
            case startedAt = "started_at"
        }

        init() {}

        init(_ turn: Turn) {
            turnID = turn.id.description
            epoch = turn.epoch
            holder = turn.holder
            status = turn.status.rawValue
            preRollMs = turn.audio.preRollMs
            startedAt = turn.startedAt.description
            guard turn.status == .ended else { return }
            outcome = turn.outcome?.rawValue
            audioMs = turn.audio.audioMs
            speechMs = turn.audio.speechMs
        }
    }

    enum CodingKeys: String, CodingKey { case success, result, error, code, holder, epoch, turnID = "turn_id" }

    init(_ turn: Turn, alreadyStarted: Bool = false) {
        success = true
        var result = Result(turn)
        // Only where it is news: nobody else has to look at it.
        if alreadyStarted { result.alreadyStarted = true }
        self.result = result
    }

    init(place: Int, holder: String?) {
        success = true
        var result = Result()
        result.queued = true
        result.place = place
        result.holder = holder
        self.result = result
    }

    init(leftQueue: Bool) {
        success = true
        var result = Result()
        result.leftQueue = leftQueue
        self.result = result
    }

    init(state: TurnStateReply) {
        success = true
        self.state = state
    }

    init(code: String, error: String) {
        success = false
        self.code = code
        self.error = error
    }

    init(_ error: TurngateError) {
        switch error {
        case .conflict(.turn(let refusal)): self.init(refusal)
        case .overloaded: self.init(code: "overloaded", error: "The service is busy; try again.")
        default: self.init(code: "internal", error: "The service could not do this.")
        }
    }

    init(_ refusal: TurnRefusal) {
        self.init(code: refusal.code, error: refusal.sentence)
        switch refusal {
        case .floorTaken(let holder, let turn, let epoch):
            self.holder = holder
            turnID = turn?.description
            self.epoch = epoch
        case .staleTurn(let turn, let epoch):
            turnID = turn?.description
            self.epoch = epoch
        case .notHolder(let holder): self.holder = holder
        case .noFloor, .agentBusy, .queueFull, .participantAbsent, .turnRequired, .notReady: break
        }
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(success, forKey: .success)
        try container.encodeIfPresent(result, forKey: .result)
        try container.encodeIfPresent(state, forKey: .result)
        try container.encodeIfPresent(error, forKey: .error)
        try container.encodeIfPresent(code, forKey: .code)
        try container.encodeIfPresent(holder, forKey: .holder)
        try container.encodeIfPresent(turnID, forKey: .turnID)
        try container.encodeIfPresent(epoch, forKey: .epoch)
    }

    /// The answer as it goes over RPC.
    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { return #"{"success":false,"code":"internal"}"# }
        return String(decoding: data, as: UTF8.self)
    }
}

/// The answer of `get_turn_state`.
struct TurnStateReply: Encodable {
    var mode: String
    var agentState: String
    var turn: TurnReply.Result?
    var floor: FloorReply
    var you: You

    struct FloorReply: Encodable {
        var holder: String?
        var offeredTo: String?
        var queue: [String]

        enum CodingKeys: String, CodingKey { case holder, queue, offeredTo = "offered_to" }

        // What is not there is said to be null: nobody has to ask twice.
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(holder, forKey: .holder)
            try container.encode(offeredTo, forKey: .offeredTo)
            try container.encode(queue, forKey: .queue)
        }
    }

    struct You: Encodable {
        var isHolder: Bool
        var place: Int?
        var gate: String
        var gateReason: String

        enum CodingKeys: String, CodingKey {
            case place, gate
            case isHolder = "is_holder"
            case gateReason = "gate_reason"
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(isHolder, forKey: .isHolder)
            try container.encode(place, forKey: .place)
            try container.encode(gate, forKey: .gate)
            try container.encode(gateReason, forKey: .gateReason)
        }
    }

    enum CodingKeys: String, CodingKey { case mode, turn, floor, you, agentState = "agent_state" }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(mode, forKey: .mode)
        try container.encode(agentState, forKey: .agentState)
        try container.encode(turn, forKey: .turn)
        try container.encode(floor, forKey: .floor)
        try container.encode(you, forKey: .you)
    }
}

extension TurnRefusal {
    /// A word for programs.
    var code: String {
        switch self {
        case .floorTaken: "floor_taken"
        case .staleTurn: "stale_turn"
        case .notHolder: "not_holder"
        case .noFloor: "no_floor"
        case .agentBusy: "agent_busy"
        case .queueFull: "queue_full"
        case .participantAbsent: "participant_absent"
        case .turnRequired: "turn_required"
        case .notReady: "not_ready"
        }
    }

    /// A sentence for people.
    var sentence: String {
        switch self {
        case .floorTaken(let holder, let turn, _):
            turn == nil ? "The floor is kept for \(holder)." : "\(holder) has the floor."
        case .staleTurn(nil, _): "That turn is over; no turn is under way."
        case .staleTurn: "That turn is over, or not the present one."
        case .notHolder(let holder): "The turn is \(holder)'s."
        case .noFloor: "Everybody may speak here: the session has no floor to take."
        case .agentBusy(let state): "The agent is \(state.rawValue) and is not to be interrupted."
        case .queueFull(let limit): "\(limit) participants wait already."
        case .participantAbsent(let identity): "\(identity) is not in the room, or takes no turns."
        case .turnRequired: "The payload must name the turn, by turn_id or epoch."
        case .notReady(let status): "The session is \(status.rawValue)."
        }
    }
}
