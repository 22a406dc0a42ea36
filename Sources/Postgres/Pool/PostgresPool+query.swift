extension PostgresPool {
    /// Runs one statement and returns its rows and command tag.
    ///
    /// A statement that changes something is its own transaction. When the
    /// task is cancelled this returns at once and the result is thrown away;
    /// the statement may still run.
    ///
    /// - Parameter timeout: the whole wait, queue included; by default the
    ///   configuration's `queryTimeout`. While no connection is up the wait is
    ///   `unavailableAfter` at most.
    /// - Throws: see `PostgresError.Kind`: `server`, `queueFull`,
    ///   `unavailable`, `connectionLost`, `timedOut`, `cancelled`, `closed`, `encoding`.
    public func query(
        _ statement: PostgresStatement, _ values: [PostgresValue] = [], timeout: Duration? = nil
    ) async throws(PostgresError) -> PostgresResult {
        let step = try PoolJob.Step(statement: statement, parameters: EncodedParameter.encode(values))
        let results = try await run([step], begin: nil, timeout)
        guard let result = results.first else { throw PostgresError(.unexpected, reason: "the answer has no result") }
        return result
    }

    /// Runs the commands in one transaction on one connection, sent together
    /// in a single round trip, and returns each one's result.
    ///
    /// If one fails none has an effect, and the error's `statementIndex` says
    /// which it was. If the connection breaks or the deadline passes after
    /// sending, the error is `outcomeUnknown`: all or nothing has happened,
    /// which only a look at the data can tell (an idempotency key written in
    /// the same transaction, for example).
    ///
    /// - Parameter isolation: the transaction's isolation level.
    /// - Throws: as `query`, with `outcomeUnknown` in place of `connectionLost`.
    public func transaction(
        _ commands: [PostgresCommand], isolation: PostgresIsolation = .readCommitted, timeout: Duration? = nil
    ) async throws(PostgresError) -> [PostgresResult] {
        guard !commands.isEmpty else { return [] }
        var steps: [PoolJob.Step] = []
        for command in commands {
            steps.append(
                try PoolJob.Step(statement: command.statement, parameters: EncodedParameter.encode(command.values)))
        }
        return try await run(steps, begin: isolation.begin, timeout)
    }

    private func run(
        _ steps: [PoolJob.Step], begin: PostgresStatement?, _ timeout: Duration?
    ) async throws(PostgresError) -> [PostgresResult] {
        let job = PoolJob(
            steps: steps, begin: begin, timeout: timeout ?? configuration.queryTimeout,
            unavailableAfter: configuration.unavailableAfter)
        if Task.isCancelled { throw .cancelled(wasSent: false) }
        try inbox.submit(job)
        let outcome = await withTaskCancellationHandler {
            await job.outcome()
        } onCancel: {
            job.settle(.failure(.cancelled(wasSent: job.wasSent)))
        }
        return try outcome.get()
    }
}
