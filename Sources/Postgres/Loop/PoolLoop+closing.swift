extension PoolLoop {
    /// Fails what was not sent and lets the rest finish until `deadline`.
    func beginClosing(_ deadline: UInt64, _ done: CheckedContinuation<Void, Never>?) {
        closeDeadline = min(closeDeadline ?? .max, deadline)
        if let done { closeWaiters.append(done) }
        inbox.leftQueue(waiting.count)
        waiting.forEach { $0.job.settle(.failure(.closed)) }
        waiting = []
    }

    /// Whether the loop may end.
    func isDone(_ now: UInt64) -> Bool {
        guard let closeDeadline else { return false }
        return now >= closeDeadline || (waiting.isEmpty && connections.allSatisfy { $0.pending.isEmpty })
    }

    /// Ends everything; whoever still waits learns it.
    func shutDown() {
        let late = inbox.end()
        let cause = PostgresError(.closed, reason: "the pool was closed")
        for connection in everyConnection {
            for unit in connection.drop(retryAt: .max) {
                guard let job = unit.job else { continue }
                job.settle(.failure(.lost(inTransaction: job.isTransaction, cause: cause)))
            }
        }
        // Sent once, aborted by another that shared its Sync, and put back.
        inbox.leftQueue(waiting.count)
        waiting.forEach { $0.job.settle(.failure(.closed)) }
        waiting = []
        subscribers.values.forEach { $0.forEach { $0.finish() } }
        late.forEach(refuse)
        inbox.publish(connected: 0, underWay: 0)
        closeWaiters.forEach { $0.resume() }
    }

    private func refuse(_ message: LoopMessage) {
        switch message {
        case .job(let job):
            inbox.leftQueue()
            job.settle(.failure(.closed))
        case .connected(_, .success(let handle)): handle.close()
        case .subscribe(let subscriber): subscriber.finish()
        case .close(_, let done): done?.resume()
        case .connected, .unsubscribe: break
        }
    }
}
