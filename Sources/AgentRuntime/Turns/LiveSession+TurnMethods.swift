import Domain
import Foundation

/// The built-in methods: turns by RPC, JSON in and JSON out.
extension LiveSession {
    /// Answers a participant's call to a built-in method. What cannot be done
    /// is an answer too, never an error of the transport.
    func answer(_ method: BuiltinMethod, _ invocation: RPCInvocation) async -> String {
        guard let wish = TurnWish(payload: invocation.payload) else {
            return TurnReply(
                code: "invalid_payload",
                error: "The payload must be a JSON object: turn_id (a string), epoch (an integer), queue (a boolean)."
            ).json
        }
        do throws(TurngateError) {
            switch method {
            case .startTurn: return try await startTurn(wish, caller: invocation.caller)
            case .endTurn: return try await endTurn(wish, caller: invocation.caller, cancelling: false)
            case .cancelTurn: return try await endTurn(wish, caller: invocation.caller, cancelling: true)
            case .getTurnState: return TurnReply(state: turnState(for: invocation.caller)).json
            }
        } catch {
            return TurnReply(error).json
        }
    }

    private func startTurn(_ wish: TurnWish, caller: String) async throws(TurngateError) -> String {
        let request = TurnRequest(participant: caller, queue: wish.queue ?? false)
        switch try await startTurn(request, by: .participant(caller)) {
        case .started(let turn): return TurnReply(turn).json
        case .running(let turn): return TurnReply(turn, alreadyStarted: true).json
        case .queued(_, let place, let holder): return TurnReply(place: place, holder: holder).json
        }
    }

    private func endTurn(
        _ wish: TurnWish, caller: String, cancelling: Bool
    ) async throws(TurngateError) -> String {
        if cancelling, wish.names == nil {
            let decision = turns.leaveQueue(caller)
            if decision.value {
                carryOut(decision.actions)
                publish()
                return TurnReply(leftQueue: true).json
            }
        }
        if let text = wish.turnID, TurnID(text) == nil {
            throw .conflict(.turn(.staleTurn(current: turns.current?.id, epoch: turns.current?.epoch)))
        }
        let turn = try await endTurn(
            wish.names ?? TurnReference(), by: .participant(caller), cancelling: cancelling)
        return TurnReply(turn).json
    }

    private func turnState(for caller: String) -> TurnStateReply {
        let gate = gateVerdicts.first { $0.identity.isIdentity(caller) }
        let floor = turns.floor
        return TurnStateReply(
            mode: session.spec.turnPolicy.mode.rawValue, agentState: states.state.rawValue,
            turn: turns.current.map { TurnReply.Result($0) },
            floor: .init(holder: floor.holder, offeredTo: floor.offeredTo, queue: floor.queue),
            you: .init(
                isHolder: caller.isIdentity(floor.holder),
                place: floor.queue.firstIndex(where: caller.isIdentity).map { $0 + 1 },
                gate: gate?.isOpen == true ? "open" : "closed",
                gateReason: (gate?.reason ?? .unavailable).rawValue))
    }

    /// Tells the next in the queue that the floor is kept for it.
    func tellOfOffer(_ identity: String) {
        let policy = session.spec.turnPolicy.notification
        let window = Int64(context.limits.offerTime.milliseconds)
        let payload = policy.payload.isEmpty ? #"{"turn_offer":true,"expires_in_ms":\#(window)}"# : policy.payload
        do throws(TurngateError) {
            _ = try startNotification(
                NotificationRequest(payload: payload, destinations: .identities([identity])), trigger: .policy)
        } catch {
            logger.error("the next in the queue was not told", metadata: ["error": "\(error)"])
        }
    }
}

/// What a caller of a built-in method may say.
struct TurnWish: Decodable {
    var turnID: String?
    var epoch: Int64?
    var queue: Bool?

    enum CodingKeys: String, CodingKey {
        case epoch, queue
        case turnID = "turn_id"
    }

    /// Nil for what is no JSON object, or has a member of the wrong type.
    init?(payload: String) {
        let text = payload.utf8.allSatisfy { $0 == 0x20 || (0x09...0x0D).contains($0) } ? "{}" : payload
        guard let wish = try? JSONDecoder().decode(TurnWish.self, from: Data(text.utf8)) else { return nil }
        self = wish
    }

    /// Which turn is named; nil: none.
    var names: TurnReference? {
        guard turnID != nil || epoch != nil else { return nil }
        return TurnReference(id: turnID.flatMap { TurnID($0) }, epoch: epoch)
    }
}
