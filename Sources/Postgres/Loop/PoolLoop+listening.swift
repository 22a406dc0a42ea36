extension PoolLoop {
    func subscribe(_ subscriber: Subscriber) {
        guard closeDeadline == nil else { return subscriber.finish() }
        subscribers[subscriber.channel, default: []].append(subscriber)
        if listenedChannels.contains(subscriber.channel) {
            subscriber.listening()
        } else if listener.isUp {
            listen(to: subscriber.channel)
        } else if case .down(.max) = listener.phase {
            listener.phase = .down(retryAt: 0)
        }
    }

    func unsubscribe(_ id: Subscriber.ID) {
        for (channel, list) in subscribers where list.contains(where: { $0.id == id }) {
            let rest = list.filter { $0.id != id }
            subscribers[channel] = rest.isEmpty ? nil : rest
            guard rest.isEmpty, listenedChannels.remove(channel) != nil else { continue }
            sendOnListener(.unlisten, "UNLISTEN \(quoted(channel))")
        }
    }

    /// A fresh connection listens to nothing yet.
    func listenerIsUp() {
        listenedChannels = []
        nextPing = MonotonicTime.after(configuration.listenPingInterval)
        subscribers.keys.forEach(listen)
    }

    private func listen(to channel: String) {
        sendOnListener(.listen(channel: channel), "LISTEN \(quoted(channel))")
    }

    func listenAnswered(_ channel: String, _ error: PostgresError?) {
        guard let list = subscribers[channel] else { return }
        if let error {
            logger.error("LISTEN was refused", metadata: ["sqlstate": "\(error.sqlState ?? "none")"])
            subscribers[channel] = nil
            list.forEach { $0.finish() }
        } else if listenedChannels.insert(channel).inserted {
            list.forEach { $0.listening() }
        }
    }

    func deliver(_ notifications: [(channel: String, notification: PostgresNotification)]) {
        for (channel, notification) in notifications {
            subscribers[channel]?.forEach { $0.deliver(notification) }
        }
    }

    /// A silent break shows only when something is asked.
    func pingListener(_ now: UInt64) {
        guard now >= nextPing else { return }
        nextPing = listener.isUp ? now &+ configuration.listenPingInterval.nanoseconds : .max
        if listener.isUp, listener.pending.isEmpty { sendOnListener(.ping, "SELECT 1") }
    }

    private func sendOnListener(_ purpose: PipelineUnit.Purpose, _ sql: String) {
        let deadline = MonotonicTime.after(configuration.connectTimeout)
        nextDeadline = min(nextDeadline, deadline)
        if !listener.send(purpose, sql, deadline: deadline) || !listener.flush() {
            lose(listener, listener.sendFailure)
        }
    }

    private func quoted(_ channel: String) -> String {
        "\"" + channel.replacing("\"", with: "\"\"") + "\""
    }
}
