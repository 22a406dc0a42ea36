extension PoolLoop {
    /// Reads a connection and hands the results to their callers.
    func read(_ connection: PoolConnection) {
        let reading = connection.receive()
        // Before the callers go on: they may look at the state.
        publish()
        var again: [QueuedJob] = []
        for unit in reading.completed { complete(unit, on: connection, again: &again) }
        putBack(again)
        if connection === listener { deliver(connection.notifications()) }
        if let loss = reading.loss {
            lose(connection, loss)
        } else {
            recover(connection)
        }
    }

    private func complete(_ unit: PipelineUnit, on connection: PoolConnection, again: inout [QueuedJob]) {
        switch unit.purpose {
        case .job(var queued):
            guard let error = unit.error else {
                guard unit.wasAborted else { return queued.job.settle(.success(unit.results)) }
                queued.isAlone = true
                return again.append(queued)
            }
            guard isInnocent(error, of: queued, on: connection) else { return queued.job.settle(.failure(error)) }
            queued.retries += 1
            again.append(queued)
        case .rollback:
            connection.mustRollBack = unit.error != nil
        case .listen(let channel):
            listenAnswered(channel, unit.error)
        case .unlisten, .ping:
            break
        }
    }

    /// Whether the error came from another job on the same connection, and
    /// nothing of this one has happened: it may be sent again.
    private func isInnocent(_ error: PostgresError, of queued: QueuedJob, on connection: PoolConnection) -> Bool {
        guard !queued.job.isSettled, closeDeadline == nil else { return false }
        switch error.sqlState {
        // Behind a failed transaction, before its ROLLBACK. It keeps its place
        // in the queue, so it can be behind no more of them than fit into the pipeline.
        case "25P02": return connection.mustRollBack && queued.retries < max(1, configuration.pipelineDepth)
        // Its name was DEALLOCATEd behind our back.
        case "26000": return queued.retries < QueuedJob.retryLimit
        // Hit by a cancel request that was meant for the query before it.
        case "57014": return connection.cancelWasSent && queued.retries < QueuedJob.retryLimit
        default: return false
        }
    }

    /// Puts jobs back into the queue where they were. They are among the
    /// oldest, so the search from the front is short.
    func putBack(_ jobs: [QueuedJob]) {
        guard !jobs.isEmpty else { return }
        inbox.leftQueue(-jobs.count)
        var index = 0
        for queued in jobs {
            while index < waiting.count, waiting[index].sequence < queued.sequence { index += 1 }
            waiting.insert(queued, at: index)
        }
        nextDeadline = 0
    }

    /// Makes a connection fit for new work once everything under way is answered.
    private func recover(_ connection: PoolConnection) {
        guard connection.pending.isEmpty else { return }
        connection.isStalled = false
        connection.cancelWasSent = false
        guard connection.mustRollBack else { return }
        let deadline = MonotonicTime.after(configuration.connectTimeout)
        nextDeadline = min(nextDeadline, deadline)
        if !connection.send(.rollback, "ROLLBACK", deadline: deadline) || !connection.flush() {
            lose(connection, connection.sendFailure)
        }
    }
}
