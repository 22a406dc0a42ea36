import CPostgres

/// One call of a session, run to its end on the calling thread.
enum SessionWork: Sendable {
    typealias Outcome = Result<[PostgresResult], PostgresError>

    case script(String)
    case statement(String, [EncodedParameter])

    /// Any failure of another kind than `server` leaves the connection unusable.
    func run(on handle: ConnectionHandle, deadline: UInt64) -> Outcome {
        guard send(on: handle.pointer), flush(handle, deadline) else { return .failure(lost(handle)) }
        var results: [PostgresResult] = []
        var failure: PostgresError?
        while true {
            guard awaitResult(handle, deadline) else {
                return .failure(MonotonicTime.now() >= deadline ? .timedOut(wasSent: true) : lost(handle))
            }
            guard let result = PQgetResult(handle.pointer) else { break }
            switch PQresultStatus(result) {
            case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
                results.append(PostgresResult(storage: ResultStorage(taking: result)))
            case PGRES_FATAL_ERROR:
                let error = PostgresError(result: result)
                PQclear(result)
                if error.endsConnection { return .failure(.lost(inTransaction: false, cause: error)) }
                failure = failure ?? error
            default:
                PQclear(result)
                return .failure(PostgresError(.unexpected, reason: "COPY is not supported here"))
            }
        }
        return failure.map { .failure($0) } ?? .success(results)
    }

    private func send(on pointer: OpaquePointer) -> Bool {
        switch self {
        case .script(let sql):
            return PQsendQuery(pointer, sql) == 1
        case .statement(let sql, let parameters):
            return ParameterArrays.with(parameters) { count, values, lengths, formats in
                PQsendQueryParams(pointer, sql, count, nil, values, lengths, formats, 0) == 1
            }
        }
    }

    private func flush(_ handle: ConnectionHandle, _ deadline: UInt64) -> Bool {
        while true {
            let outcome = PQflush(handle.pointer)
            guard outcome == 1 else { return outcome == 0 }
            guard Connector.wait(handle, forWriting: true, deadline: deadline),
                PQconsumeInput(handle.pointer) == 1
            else { return false }
        }
    }

    /// Reads until the next PQgetResult does not block; false when the
    /// deadline passed or the connection broke.
    private func awaitResult(_ handle: ConnectionHandle, _ deadline: UInt64) -> Bool {
        while PQisBusy(handle.pointer) != 0 {
            guard Connector.wait(handle, forWriting: false, deadline: deadline),
                PQconsumeInput(handle.pointer) == 1
            else { return false }
        }
        return true
    }

    private func lost(_ handle: ConnectionHandle) -> PostgresError {
        var cause = PostgresError(.connectionLost, reason: "the connection was lost")
        cause.unsafeServerMessage = handle.message
        return .lost(inTransaction: false, cause: cause)
    }
}
