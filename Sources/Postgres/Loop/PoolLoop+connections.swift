import CPostgres

extension PoolLoop {
    /// Starts an attempt on every connection whose pause is over.
    func connectWhereDue(_ now: UInt64) {
        guard closeDeadline == nil else { return }
        for connection in everyConnection {
            guard case .down(let retryAt) = connection.phase, retryAt <= now else { continue }
            if connection === listener, subscribers.isEmpty {
                connection.phase = .down(retryAt: .max)
                continue
            }
            connection.phase = .connecting
            let number = connection.number
            Connector.start(parameters, timeout: configuration.connectTimeout) { [inbox] outcome in
                // After the loop has ended nobody else can close it.
                if !inbox.post(.connected(connection: number, outcome)), case .success(let handle) = outcome {
                    handle.close()
                }
            }
        }
    }

    /// An attempt ended.
    func connected(_ number: Int, _ outcome: Result<ConnectionHandle, PostgresError>) {
        let connection = everyConnection[number]
        switch outcome {
        case .success(let handle):
            if closeDeadline != nil {
                handle.close()
                connection.phase = .down(retryAt: .max)
            } else if connection.adopt(handle) {
                connection.backoff.reset()
                lastFailure = nil
                if connection === listener { listenerIsUp() }
            } else {
                retryLater(connection)
            }
        case .failure(let error):
            if lastFailure == nil {
                logger.warning("PostgreSQL cannot be reached", metadata: ["reason": "\(error.reason)"])
            }
            lastFailure = error
            retryLater(connection)
        }
    }

    private func retryLater(_ connection: PoolConnection) {
        connection.phase = .down(retryAt: MonotonicTime.now() &+ connection.backoff.pause())
    }

    /// Gives a broken connection up and tells everyone who waits for it.
    func lose(_ connection: PoolConnection, _ cause: PostgresError) {
        guard connection.isUp else { return }
        logger.warning(
            "PostgreSQL connection lost",
            metadata: ["reason": "\(cause.reason)", "sqlstate": "\(cause.sqlState ?? "none")"])
        lastFailure = cause
        let retryAt = MonotonicTime.now() &+ connection.backoff.pause()
        for unit in connection.drop(retryAt: retryAt) {
            guard let job = unit.job else { continue }
            job.settle(.failure(.lost(inTransaction: job.isTransaction, cause: cause)))
        }
        if connection === listener { listenedChannels = [] }
        // Without a connection the shorter wait of the queue counts.
        if !hasConnection { nextDeadline = 0 }
    }
}

extension PoolConnection {
    /// Why sending failed, with libpq's words kept from the logs.
    var sendFailure: PostgresError {
        var error = PostgresError(.connectionLost, reason: "sending failed")
        error.unsafeServerMessage = pointer.map { String(cString: PQerrorMessage($0)) }
        return error
    }
}
