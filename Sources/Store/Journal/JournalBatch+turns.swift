import Domain
import Postgres

extension JournalBatch {
    var turnRows: PostgresCommand? {
        guard !turns.isEmpty else { return nil }
        let turns = Array(turns.values)
        return PostgresCommand(
            TurnStatements.write,
            [
                .uuidArray(turns.map(\.id.uuid)), .uuidArray(turns.map(\.sessionID.uuid)),
                .int64Array(turns.map(\.epoch)), .textArray(turns.map { $0.holder.storable(bytes: 1024) }),
                .textArray(turns.map(\.status.rawValue)), .textArray(turns.map { $0.outcome?.rawValue }),
                .textArray(turns.map { $0.endReason?.rawValue }), .times(turns.map(\.startedAt)),
                .times(turns.map(\.endedAt)), .textArray(turns.map(\.startCause.rawValue)),
                .textArray(turns.map { $0.startActor?.storable(bytes: 1024) }),
                .int64Array(turns.map(\.audio.preRollMs)), .int64Array(turns.map(\.audio.audioMs)),
                .int64Array(turns.map(\.audio.speechMs)), .int64Array(turns.map(\.audio.droppedFrames)),
            ])
    }

    var incidentRows: PostgresCommand? {
        guard !incidents.isEmpty else { return nil }
        return PostgresCommand(
            IncidentStatements.write,
            [
                .uuidArray(incidents.map(\.sessionID.uuid)), .int64Array(incidents.map(\.seq)),
                .times(incidents.map(\.at)), .textArray(incidents.map(\.finding.rawValue)),
                .textArray(incidents.map { $0.participant?.storable(bytes: 1024) }),
                .uuidArray(incidents.map { $0.turnID?.uuid }),
                .textArray(incidents.map { $0.detail.storable(bytes: 4096) }), .boolArray(incidents.map(\.healed)),
            ])
    }

    var invocationRows: PostgresCommand? {
        guard !invocations.isEmpty else { return nil }
        return PostgresCommand(
            InvocationStatements.write,
            [
                .uuidArray(invocations.map(\.id.uuid)), .uuidArray(invocations.map(\.sessionID.uuid)),
                .textArray(invocations.map(\.direction.rawValue)),
                .textArray(invocations.map { $0.method.storable(bytes: 256) }),
                .textArray(invocations.map { $0.participant.storable(bytes: 1024) }),
                .textArray(invocations.map { $0.handlerType?.storable(bytes: 64) }),
                .times(invocations.map(\.startedAt)), .int64Array(invocations.map { max(0, $0.duration.microseconds) }),
                .textArray(invocations.map(\.outcome.rawValue)),
                .int64Array(invocations.map { $0.error.map { Int64($0.code) } }),
                .textArray(invocations.map { $0.error?.message.storable(bytes: 1024) }),
                .textArray(invocations.map { $0.error?.data?.storable(bytes: 65_536) }),
                .textArray(invocations.map { $0.payload?.storable(bytes: 65_536) }),
                .textArray(invocations.map { $0.response?.storable(bytes: 65_536) }),
            ])
    }
}
