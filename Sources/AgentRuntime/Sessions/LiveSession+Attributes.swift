import Domain

/// How the agent appears to everybody in the room.
extension LiveSession {
    /// LiveKit's attributes of an agent over the caller's own; both spellings
    /// of the name, because front ends read either.
    var agentAttributes: [String: String] {
        let agent = session.spec.agent
        let name = agent.name.isEmpty ? agent.identity : agent.name
        let own = [
            "lk.agent.state": states.state.rawValue, "lk.agent.name": name, "lk.agent_name": name,
            GateNews.attribute: GateNews.attribute(of: heardIdentities),
        ]
        return agent.attributes.merging(own) { _, ours in ours }
    }

    /// Brings the room's view of the attributes up to date: in a moment at the
    /// latest, or without a pause where it is `hurried`. Without a connection
    /// they are told when there is one.
    func publishAttributes(hurried: Bool = false) {
        guard lifecycle.status.isWorking, connection != nil else { return }
        carryOut(attributeTelling.changed(hurried: hurried, at: context.clock.uptime))
    }

    /// The participants are told something else: what the attributes have to
    /// say to it goes at the same time.
    func hurryAttributes() {
        guard lifecycle.status.isWorking, connection != nil else { return }
        carryOut(attributeTelling.hurry(at: context.clock.uptime))
    }

    private func carryOut(_ action: AttributeTelling.Action?) {
        guard lifecycle.status.isWorking, let connection else { return }
        switch action {
        case .tell(let attempt):
            stop(.attributes)
            attributesTask = startOwn { await $0.sendAttributes(attempt, over: connection) }
        case .wait(let moment):
            // The same moment as before: every change within the pace says it.
            guard timers[.attributes] == nil else { return }
            start(.attributes, after: moment - context.clock.uptime) { await $0.attributesAreDue() }
        case nil: break
        }
    }

    private func attributesAreDue() {
        timers[.attributes] = nil
        guard lifecycle.status.isWorking, connection != nil else { return }
        carryOut(attributeTelling.due(at: context.clock.uptime))
    }

    private func sendAttributes(_ attempt: Int, over connection: any RoomConnection) async {
        attributeTelling.looked(attempt)
        do throws(RoomError) {
            try await connection.setAttributes(agentAttributes)
            carryOut(attributeTelling.told(attempt, at: context.clock.uptime))
        } catch {
            let action = attributeTelling.failed(attempt, at: context.clock.uptime)
            logger.warning(
                "agent attributes not set",
                metadata: ["error": "\(error)", "attempt": "\(attributeTelling.failures)"])
            carryOut(action)
        }
    }
}
