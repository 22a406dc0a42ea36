import Domain

extension Problem {
    /// What a caller is told whose wish for the floor or word about a turn was
    /// refused.
    init(_ refusal: TurnRefusal) {
        switch refusal {
        case .floorTaken(let holder, let turn, let epoch):
            let verb = turn == nil ? "is being offered" : "has"
            self = Problem(.floorTaken, "'\(holder)' \(verb) the floor.")
                .adding("holder", holder).adding("turn_id", turn?.description).adding("epoch", epoch)
        case .staleTurn(let current, let epoch): self = Problem(stale: current, epoch)
        // A turn that was named and none under way: the one that was named is over.
        case .notHolder(let holder):
            self = Problem(.floorTaken, "'\(holder)' has the floor.").adding("holder", holder)
        case .noFloor: self = Problem(.noFloor, "The session's mode is open: everybody may speak.")
        case .agentBusy(let state):
            self = Problem(.agentBusy, "The agent is \(state.rawValue) and not to be interrupted.")
                .adding("agent_state", state.rawValue)
        case .queueFull(let limit):
            self = Problem(.queueFull, "\(limit) participants wait for the floor.").adding("limit", limit)
        case .participantAbsent(let identity):
            self = Problem(.participantAbsent, "'\(identity)' is not in the room, or takes no turns.")
                .adding("participant", identity)
        case .turnRequired: self = Problem(invalid: [FieldError(field: "turn", message: "is required")])
        case .notReady(let status):
            self = Problem(.sessionNotWorking, "The session is \(status.rawValue).")
                .adding("session_status", status.rawValue)
        }
    }

    private init(stale current: TurnID?, _ epoch: Int64?) {
        let present = current.map { "The turn under way is \($0)." } ?? "No turn is under way."
        self = Problem(.staleTurn, "The turn that was named is over. \(present)")
            .adding("turn_id", current?.description).adding("epoch", epoch)
    }
}
