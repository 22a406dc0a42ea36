import Domain

/// What the room tells, and how a lost connection is taken up again.
extension LiveSession {
    /// Handles the events of `current` until it is over; returns why it ended,
    /// or nil when the session itself has ended.
    func follow(_ current: any RoomConnection) async -> RoomDisconnectReason? {
        for await event in current.events {
            if case .disconnected(let reason) = event {
                return lifecycle.status.isWorking ? reason : nil
            }
            handle(event)
        }
        return lifecycle.status.isWorking ? .connectionLost : nil
    }

    private func handle(_ event: RoomEvent) {
        switch event {
        case .reconnecting: connectionBroke()
        case .reconnected: connectionRestored()
        case .participantJoined(let participant):
            noteJoined(participant)
            peopleChanged()
        case .participantUpdated(let participant):
            noteUpdated(participant)
            peopleChanged()
        case .participantLeft(let participant):
            noteLeft(participant)
            refreshGates()
            // In a full reconnect everybody leaves and comes again; who has
            // stayed away is seen when it is over.
            guard lifecycle.status == .active else { return }
            lose(participant.identity)
            watchForEmptiness()
        case .rpcInvoked(let invocation): answer(invocation)
        case .dataReceived, .textReceived, .disconnected: break
        }
    }

    private func peopleChanged() {
        refreshGates()
        watchHolder()
        watchForEmptiness()
    }

    /// A participant is gone: nothing of it is waited for.
    private func lose(_ identity: String) {
        floorLoses(identity)
        settleFanOuts(of: identity)
        invocationsLose(identity)
    }

    private func connectionBroke() {
        guard advance(.connectionBroke) else { return }
        // Who is in the room is not known now, so its emptiness is not either.
        stop(.empty)
        stop(.holder)
        refreshGates()
        journal([.session(SessionProgress(of: session))])
        let now = context.clock.uptime
        if let since = unsteadySince, now - connectedAt < context.limits.steadyAfter {
            unsteadySince = since
        } else {
            unsteadySince = now
            rejoinPause = Self.shortestRejoinPause
        }
        let bound = context.limits.reconnectBound
        let left = (unsteadySince ?? now) + bound - now
        start(.reconnect, after: max(left, .zero)) { live in
            let detail = "the room was not reached again, for good, within \(bound)"
            await live.conclude(.failed(SessionEnd(.connectionLost, detail: detail)))
        }
    }

    private func connectionRestored() {
        guard advance(.connectionRestored) else { return }
        stop(.reconnect)
        connectedAt = context.clock.uptime
        context.metrics.reconnects.increment()
        session.roomSid = connection?.roomSid ?? session.roomSid
        session.agentSid = connection?.localParticipant.sid ?? session.agentSid
        publish()
        journal([.session(SessionProgress(of: session))])
        // A server that forgot us knows only the token's attributes.
        publishAttributes(hurried: true)
        compareParticipants()
        refreshGates()
        watchHolder()
        loseThoseWhoAreGone()
        tellGateNewsAgain()
        notifyIfOwed()
        watchForEmptiness()
    }

    /// Who left while the room was away is waited for no longer.
    private func loseThoseWhoAreGone() {
        let floor = turns.floor
        let known = Set(floor.queue + [floor.offeredTo].compactMap(\.self) + Array(rules.hands.keys))
            .union(fanOuts.values.flatMap(\.fanOut.pending))
            .union(invocations.values.map(\.caller.identity))
        let present = Set((connection?.remoteParticipants ?? []).map(\.identity))
        for identity in known.subtracting(present).sorted() {
            lose(identity)
        }
    }

    /// After a connection ended by itself: joins again where that makes sense;
    /// says whether the agent is in the room again.
    func takeUpAgain(after reason: RoomDisconnectReason) async -> Bool {
        connection = nil
        attributeTelling.lost()
        receivedAudio = [:]
        // Their answers would have to go by the connection that is no more.
        invocationsLose(nil)
        if let event = reason.finalEvent {
            conclude(event)
            return false
        }
        connectionBroke()
        // Where the connection had broken before, this is news all the same.
        refreshGates()
        // After the break is known: whom a speech's end is to be told is not there.
        await endSpeeches()
        endSpeaking(reason: "the room was lost")
        // A room that takes us and drops us again is not asked at once.
        if rejoinPause > Self.shortestRejoinPause, await !pauseBeforeRejoin() { return false }
        while lifecycle.status == .reconnecting, !Task.isCancelled {
            let isBack = await rejoinOnce()
            rejoinPause = min(rejoinPause * 2, Self.longestRejoinPause)
            if isBack { return true }
            if await !pauseBeforeRejoin() { return false }
        }
        return false
    }

    private func pauseBeforeRejoin() async -> Bool {
        do {
            try await context.clock.sleep(for: rejoinPause)
            return true
        } catch {
            return false
        }
    }

    private func rejoinOnce() async -> Bool {
        do throws(RoomError) {
            let joined = try await context.connector.connect(joinRequest, deadline: context.limits.joinDeadline)
            guard lifecycle.status == .reconnecting, !Task.isCancelled else {
                await joined.disconnect()
                return false
            }
            try await adopt(joined)
            connectionRestored()
            return lifecycle.status == .active
        } catch {
            if let lost = connection {
                connection = nil
                attributeTelling.lost()
                await lost.disconnect()
            }
            logger.info("room not reached again yet", metadata: ["error": "\(error)"])
            if case .tokenRefused = error { conclude(.failed(error.sessionEnd)) }
            return false
        }
    }

    /// Ends the session when nobody but agents has been there for its time.
    func watchForEmptiness() {
        guard let limit = session.spec.emptyTimeout, lifecycle.status == .active else { return }
        let hasCompany = session.participants.contains { $0.kind.takesTurns && $0.state != .disconnected }
        if hasCompany {
            stop(.empty)
        } else if timers[.empty] == nil {
            start(.empty, after: limit) { await $0.endIfStillEmpty() }
        }
    }

    private func endIfStillEmpty() {
        timers[.empty] = nil
        guard lifecycle.status == .active else { return }
        if session.participants.contains(where: { $0.kind.takesTurns && $0.state != .disconnected }) { return }
        requestEnd(SessionEnd(.roomEmpty))
    }
}

extension RoomDisconnectReason {
    /// What the reason means for the session where joining again makes none;
    /// nil where it does.
    var finalEvent: SessionLifecycle.Event? {
        switch self {
        case .roomDeleted: .endRequested(SessionEnd(.roomDeleted))
        case .participantRemoved: .endRequested(SessionEnd(.participantRemoved))
        case .duplicateIdentity: .failed(SessionEnd(.duplicateIdentity))
        case .clientInitiated, .serverShutdown, .roomClosed, .stateMismatch, .joinFailure, .connectionLost, .unknown:
            nil
        }
    }
}
