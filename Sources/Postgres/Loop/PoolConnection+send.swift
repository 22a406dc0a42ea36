import CPostgres

extension PoolConnection {
    /// Sends a job, with a Sync behind it where it is the last that shares one;
    /// false when the connection is broken.
    func send(_ queued: QueuedJob, endsInSync: Bool) -> Bool {
        guard let pointer else { return false }
        let job = queued.job
        var unit = PipelineUnit(.job(queued), deadline: job.deadline, endsInSync: endsInSync)
        if let begin = job.begin {
            guard sendText(begin.sql, on: pointer) else { return false }
            unit.commands.append(.begin)
        }
        for index in job.steps.indices {
            guard send(job.steps[index], index, on: pointer, in: &unit) else { return false }
        }
        if job.isTransaction {
            guard sendText("COMMIT", on: pointer) else { return false }
            unit.commands.append(.commit)
        }
        return finish(unit, on: pointer)
    }

    /// Sends one utility command of the loop's own with a Sync behind it.
    func send(_ purpose: PipelineUnit.Purpose, _ sql: String, deadline: UInt64) -> Bool {
        guard let pointer, sendText(sql, on: pointer) else { return false }
        var unit = PipelineUnit(purpose, deadline: deadline)
        unit.commands.append(.utility)
        return finish(unit, on: pointer)
    }

    /// Sends what libpq still holds; false when the connection is broken.
    func flush() -> Bool {
        guard let pointer else { return false }
        let outcome = PQflush(pointer)
        wantsToWrite = outcome == 1
        return outcome >= 0
    }

    private func finish(_ unit: PipelineUnit, on pointer: OpaquePointer) -> Bool {
        pending.append(unit)
        return !unit.endsInSync || PQpipelineSync(pointer) == 1
    }

    private func sendText(_ sql: String, on pointer: OpaquePointer) -> Bool {
        PQsendQueryParams(pointer, sql, 0, nil, nil, nil, nil, 0) == 1
    }

    private func send(
        _ step: PoolJob.Step, _ index: Int, on pointer: OpaquePointer, in unit: inout PipelineUnit
    ) -> Bool {
        let name = step.statement.name
        var isPrepared = prepared.contains(name)
        if !name.isEmpty, !isPrepared, preparing.insert(name).inserted {
            guard PQsendPrepare(pointer, name, step.statement.sql, 0, nil) == 1 else { return false }
            unit.commands.append(.prepare(index))
            isPrepared = true
        }
        unit.commands.append(.statement(index))
        return ParameterArrays.with(step.parameters) { count, values, lengths, formats in
            isPrepared
                ? PQsendQueryPrepared(pointer, name, count, values, lengths, formats, 0) == 1
                : PQsendQueryParams(pointer, step.statement.sql, count, nil, values, lengths, formats, 0) == 1
        }
    }
}
