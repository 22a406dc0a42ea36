import CPostgres

extension PoolConnection {
    /// What reading brought.
    struct Reading {
        /// The units that are complete, in order.
        var completed: [PipelineUnit] = []
        /// Set when the connection is broken.
        var loss: PostgresError?
    }

    /// Reads what the socket has and takes every result that is complete.
    func receive() -> Reading {
        var reading = Reading()
        guard let pointer else { return reading }
        lastHeard = MonotonicTime.now()
        let isOpen = PQconsumeInput(pointer) == 1
        // Results that arrived before the connection broke are still good.
        var emptyReads = 0
        while !pending.isEmpty, emptyReads < 2, reading.loss == nil, PQisBusy(pointer) == 0 {
            guard let result = PQgetResult(pointer) else {
                emptyReads += 1  // The end of one command's results.
                continue
            }
            emptyReads = 0
            take(result, on: pointer, into: &reading)
        }
        if reading.loss == nil, !isOpen || PQstatus(pointer) == CONNECTION_BAD {
            var error = PostgresError(.connectionLost, reason: "the server closed the connection")
            error.unsafeServerMessage = String(cString: PQerrorMessage(pointer))
            reading.loss = error
        }
        return reading
    }

    /// The notifications that arrived.
    func notifications() -> [(channel: String, notification: PostgresNotification)] {
        var all: [(String, PostgresNotification)] = []
        guard let pointer else { return all }
        while let notification = PQnotifies(pointer) {
            let content = notification.pointee
            let payload = content.extra.map { String(cString: $0) } ?? ""
            all.append((String(cString: content.relname), .message(payload: payload, processID: content.be_pid)))
            PQfreemem(notification)
        }
        return all
    }

    private func take(_ result: OpaquePointer, on pointer: OpaquePointer, into reading: inout Reading) {
        let status = PQresultStatus(result)
        if status == PGRES_PIPELINE_SYNC {
            PQclear(result)
            let unit = pending.removeFirst()
            if leavesTransactionOpen(unit, pointer) { mustRollBack = true }
            reading.completed.append(unit)
            return
        }
        guard pending[0].answered < pending[0].commands.count else {
            PQclear(result)
            reading.loss = PostgresError(.unexpected, reason: "more answers than questions")
            return
        }
        let command = pending[0].commands[pending[0].answered]
        pending[0].answered += 1
        reading.loss = record(result, status, of: command)
        // Its Sync comes behind the others that share it.
        if reading.loss == nil, !pending[0].endsInSync, pending[0].isAnswered {
            reading.completed.append(pending.removeFirst())
        }
    }

    /// Notes a command's result in the unit at the front; the error that ends
    /// the connection, if it is one.
    private func record(_ result: OpaquePointer, _ status: ExecStatusType, of command: PipelineUnit.Command)
        -> PostgresError?
    {
        if status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK || status == PGRES_EMPTY_QUERY {
            recordSuccess(ResultStorage(taking: result), of: command)
            return nil
        }
        defer { PQclear(result) }
        if case .prepare(let index) = command { prepareAnswered(index, isPrepared: false) }
        if status == PGRES_PIPELINE_ABORTED {
            pending[0].wasAborted = true
            return nil
        }
        guard status == PGRES_FATAL_ERROR else {
            return PostgresError(.unexpected, reason: "COPY is not supported here")
        }
        var error = PostgresError(result: result)
        if error.endsConnection { return error }
        // Somebody ran DEALLOCATE or DISCARD: prepare it again next time.
        if error.sqlState == "26000", let name = pending[0].statement(of: command)?.name { prepared.remove(name) }
        error.statementName = pending[0].statement(of: command)?.name
        if pending[0].job?.isTransaction == true { error.statementIndex = command.index }
        if pending[0].error == nil { pending[0].error = error }
        // Between BEGIN and COMMIT; a COMMIT that fails ends the transaction.
        if pending[0].job?.isTransaction == true, command.index != nil { pending[0].brokeTransaction = true }
        return nil
    }

    /// libpq knows the transaction's state only when nothing is under way, so
    /// that in between our own book-keeping has to tell.
    private func leavesTransactionOpen(_ unit: PipelineUnit, _ pointer: OpaquePointer) -> Bool {
        let status = PQtransactionStatus(pointer)
        return unit.brokeTransaction || unit.error?.sqlState == "25P02"
            || status == PQTRANS_INERROR || status == PQTRANS_INTRANS
    }

    private func recordSuccess(_ storage: ResultStorage, of command: PipelineUnit.Command) {
        switch command {
        case .statement:
            pending[0].results.append(PostgresResult(storage: storage))
        case .commit where storage.commandTag == "ROLLBACK":
            pending[0].error = PostgresError(.server, reason: "the server rolled the transaction back")
        case .prepare(let index):
            prepareAnswered(index, isPrepared: true)
        case .begin, .commit, .utility:
            break
        }
    }

    private func prepareAnswered(_ index: Int, isPrepared: Bool) {
        guard let name = pending[0].job?.steps[index].statement.name else { return }
        preparing.remove(name)
        if isPrepared { prepared.insert(name) }
    }
}
