extension PoolLoop {
    /// Settles whatever has waited too long, and finds the next moment when
    /// something may.
    func expire(_ now: UInt64) {
        nextDeadline = .max
        expireWaiting(now)
        for connection in everyConnection where connection.isUp { expire(connection, now) }
    }

    private func expireWaiting(_ now: UInt64) {
        let isUnavailable = !hasConnection
        let before = waiting.count
        waiting = waiting.filter { queued in
            let job = queued.job
            if job.isSettled { return false }
            if isUnavailable, job.unavailableAt <= now || job.deadline <= now {
                job.settle(.failure(.unavailable(cause: lastFailure)))
                return false
            }
            if job.deadline <= now {
                job.settle(.failure(.timedOut(wasSent: false)))
                return false
            }
            nextDeadline = min(nextDeadline, isUnavailable ? min(job.unavailableAt, job.deadline) : job.deadline)
            return true
        }
        inbox.leftQueue(before - waiting.count)
    }

    /// Callers whose time is up go; the connection itself goes when it stays
    /// silent for too long after that.
    private func expire(_ connection: PoolConnection, _ now: UInt64) {
        var oldest: UInt64?
        for unit in connection.pending {
            guard unit.deadline <= now else {
                nextDeadline = min(nextDeadline, unit.deadline)
                continue
            }
            oldest = min(oldest ?? .max, unit.deadline)
            if let job = unit.job {
                job.settle(.failure(.deadline(wasSent: true, inTransaction: job.isTransaction)))
            }
        }
        guard let oldest else { return }
        connection.isStalled = true
        let silentUntil = max(oldest, connection.lastHeard) &+ configuration.silenceTolerance.nanoseconds
        if silentUntil <= now {
            lose(connection, PostgresError(.connectionLost, reason: "the server does not answer"))
        } else {
            nextDeadline = min(nextDeadline, silentUntil)
            cancelFirst(on: connection, now)
        }
    }

    /// Asks the server to stop the query at the front if its time is up. What is
    /// behind it has not begun, unless it shares the front's Sync: whatever is hit
    /// in its place is sent again.
    private func cancelFirst(on connection: PoolConnection, _ now: UInt64) {
        guard !connection.cancelWasSent, let pointer = connection.pointer,
            let first = connection.pending.first, first.deadline <= now
        else { return }
        connection.cancelWasSent = canceller.cancel(pointer)
    }
}
