import Domain

/// Into the room: connect, then register every method, then start the turn
/// engine. The order is fixed, so that nobody meets a listening agent whose
/// methods are missing.
extension LiveSession {
    /// Sends the agent on its way.
    func begin() {
        if let limit = session.spec.maxDuration {
            start(.maxDuration, after: limit) { await $0.requestEnd(SessionEnd(.maxDuration)) }
        }
        let trace = TraceContext.current
        mainTask = startOwn { await $0.live(startedIn: trace) }
    }

    private func live(startedIn trace: TraceContext?) async {
        guard let way = await findTheWay() else { return }
        // That the agent is there, or cannot get there, belongs to the call that
        // wanted it; what the connection does from now on does not.
        guard TraceContext.$current.withValue(trace, operation: { isThere(by: way) }) else { return }
        while let current = connection, !Task.isCancelled {
            guard let reason = await follow(current) else { return }
            guard await takeUpAgain(after: reason) else { return }
        }
    }

    /// Goes into the room; nil when the session has ended meanwhile.
    private func findTheWay() async -> Result<Void, RoomError>? {
        do throws(RoomError) {
            let joined = try await context.connector.connect(joinRequest, deadline: context.limits.joinDeadline)
            guard lifecycle.status == .connecting, !Task.isCancelled else {
                await joined.disconnect()
                return nil
            }
            try await adopt(joined)
            return .success(())
        } catch {
            return .failure(error)
        }
    }

    private func isThere(by way: Result<Void, RoomError>) -> Bool {
        switch way {
        case .success: return startTurnEngine()
        case .failure(let error):
            conclude(.failed(error.sessionEnd))
            return false
        }
    }

    /// Makes `joined` the session's connection and registers every method.
    func adopt(_ joined: any RoomConnection) async throws(RoomError) {
        connection = joined
        receivedAudio = [:]
        for name in methods.keys.sorted() { try await joined.registerMethod(name) }
        session.roomSid = joined.roomSid
        session.agentSid = joined.localParticipant.sid
    }

    private func startTurnEngine() -> Bool {
        guard advance(.started) else { return false }
        session.activatedAt = context.clock.now
        connectedAt = context.clock.uptime
        let ticket: JournalTicket?
        do throws(TurngateError) {
            ticket = try step(to: .listening, cause: .policy, with: [.session(SessionProgress(of: session))]).ticket
        } catch {
            conclude(.failed(SessionEnd(.internalError, detail: "the start could not be written down")))
            return false
        }
        // Who is told that the agent is there finds it in the history too.
        _ = startOwn { live in
            _ = await ticket?.outcome(within: live.context.limits.durableWait)
            live.settled.open()
        }
        startWatchdog()
        watchForEmptiness()
        return true
    }

    /// How the agent appears, with what its attributes are at this moment.
    var joinRequest: RoomJoin {
        let agent = session.spec.agent
        return RoomJoin(
            room: session.spec.room, identity: agent.identity, name: agent.name, metadata: agent.metadata,
            attributes: agentAttributes)
    }
}

extension RoomError {
    /// What a room error at the join means for the session.
    var sessionEnd: SessionEnd {
        switch self {
        case .unreachable(let text), .timeout(let text): SessionEnd(.roomUnreachable, detail: text)
        case .tokenRefused(let text), .refused(let text): SessionEnd(.roomTokenRefused, detail: text)
        case .disconnected: SessionEnd(.roomUnreachable, detail: "the connection ended during the join")
        case .failed(let text): SessionEnd(.internalError, detail: text)
        }
    }
}
